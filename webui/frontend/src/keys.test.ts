import { expect, test } from "vitest";
import { lettersOf } from "./keys";

test("each letter of the page is told once, with the words of what it does", () => {
  document.body.innerHTML = '<a data-key="t"> Trigger… </a><a data-key="t">Trigger…</a><button data-key="r">Rerun…</button>';
  expect(lettersOf(document)).toEqual([["t", "Trigger…"], ["r", "Rerun…"]]);
});
