// @vitest-environment node
import { expect, test } from "vitest";
import { countLater } from "./looked";

test("what ended after the last look is counted, what has no time is not", () => {
  const looked = Date.parse("2026-11-21T12:00:00Z");
  expect(countLater(["2026-11-21T12:00:01+00:00", "2026-11-21T11:59:59+00:00", null], looked)).toBe(1);
});
