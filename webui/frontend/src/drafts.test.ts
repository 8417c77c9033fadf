import { expect, test } from "vitest";

import { typedInto } from "./drafts";

test("no secret outlives a page: neither a password nor what a field may hold of one", () => {
  const form = document.createElement("form");
  form.innerHTML = '<input name="key"><input type="password" name="password"><textarea name="extra" data-secret></textarea>';
  for (const each of form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")) each.value = "numbat";
  expect(typedInto(form)).toEqual([{ name: "key", value: "numbat" }]);
  form.querySelector<HTMLInputElement>("input[name=key]")!.value = '{"limit": 3, "API_key" : "numbat"}';
  expect(typedInto(form)).toEqual([]);
});
