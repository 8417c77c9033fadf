import { expect, test } from "vitest";
import cases from "../../../tests/webui/words.json";
import { clock, relative, span, stamp, tick } from "./time";

test.each(cases.span)("a span of %s seconds reads %s", (seconds, words) => {
  expect(span(seconds as number)).toBe(words);
});

test.each(cases.relative)("an instant %s seconds from now reads %s", (seconds, words) => {
  expect(relative((seconds as number) * 1000, 0)).toBe(words);
});

test("times are said in the zone of the page, which may change", () => {
  document.documentElement.dataset["clock"] = "Europe/Berlin";
  expect(clock(83)).toBe("01:00:00.083");
  expect(stamp(0)).toContain("1:00:00");
  document.documentElement.dataset["clock"] = "Asia/Tokyo";
  expect(clock(83)).toBe("09:00:00.083");
});

test("a mark of an axis says how long after its beginning, or when, as the reader has times", () => {
  document.documentElement.dataset["clock"] = "Asia/Tokyo";
  document.body.innerHTML = '<time data-how="after" datetime="1970-01-01T00:02:00Z" data-from="1970-01-01T00:00:00Z">x</time>';
  tick();
  expect(document.body.textContent).toBe("2 min");
  document.documentElement.dataset["times"] = "absolute";
  tick();
  expect(document.body.textContent).toContain("9:02:00");
  delete document.documentElement.dataset["times"];
});
