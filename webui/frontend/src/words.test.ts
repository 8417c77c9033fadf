import { expect, test } from "vitest";
import cases from "../../../tests/webui/words.json";
import { relative, span } from "./time";

test.each(cases.span)("a span of %s seconds reads %s", (seconds, words) => {
  expect(span(seconds as number)).toBe(words);
});

test.each(cases.relative)("an instant %s seconds from now reads %s", (seconds, words) => {
  expect(relative((seconds as number) * 1000, 0)).toBe(words);
});
