import { expect, test } from "vitest";
import { fitting, ofPage } from "./palette";

test("what can be done on a page is read off its buttons, each once, and not off the lines of its lists", () => {
  document.body.innerHTML = `<nav class="nav"><div role="group" aria-label="Theme"><button data-set="theme">Dark</button></div></nav>
    <main><a data-sheet href="/x">Cancel run…</a><button data-key="l">Log</button><a data-sheet href="/y">Cancel run…</a>
    <table data-rows><tr><td><a data-sheet href="/z">Trigger…</a></td></tr></table></main>`;
  expect(ofPage(document).map((each) => each.title)).toEqual(["Cancel run…", "Log", "Theme: Dark"]);
});

test("every word is to be found, in any order and case", () => {
  const lines = ["Theme: Dark", "Theme: Light"].map((title) => ({ title, sub: "", href: "" }));
  expect(fitting(lines, "dark THEME").map((each) => each.title)).toEqual(["Theme: Dark"]);
  expect(fitting(lines, "").length).toBe(2);
});
