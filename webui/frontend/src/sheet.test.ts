import { afterEach, expect, it, vi } from "vitest";

import { openSheet, query } from "./sheet";

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

function asked(json: string): URLSearchParams {
  document.body.innerHTML = `<form><input name="csrf_token" value="t"><input name="path" value="3">
    <textarea name="value" data-preview-keys></textarea><textarea name="note">kept</textarea></form>`;
  document.querySelector("textarea")!.value = json;
  return new URLSearchParams(query(document.querySelector("form")!));
}

it("asks for a preview by the names that a value hands on, never by the value", () => {
  const sent = asked('{"rows": 7, "key": {"inner": "hush"}}');
  expect(sent.get("value")).toBe('{"rows":null,"key":null}');
  expect([...sent.keys()]).toEqual(["path", "value", "note"]);
});

it.each(['"hush"', "[1, 2]", "7", "", "{not json"])("asks by nothing where nothing has a name: %s", (json) => {
  expect(asked(json).get("value")).toBe("null");
});

it("closes what never came, and says so", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await openSheet("/dags/a/trigger");
  expect(document.querySelector("dialog")?.open).toBe(false);
  expect(document.querySelector(".toast")?.textContent).toContain("does not answer");
});
