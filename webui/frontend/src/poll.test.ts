import { expect, test } from "vitest";
import { delay } from "./poll";

test("a page that changes is asked every second, a quiet one less often", () => {
  expect(delay(0, 0)).toBe(1000);
  expect(delay(60, 0)).toBe(3000);
});

test("a server that is gone is asked ever less, never less than twice a minute", () => {
  expect(delay(0, 1)).toBe(5000);
  expect(delay(0, 3)).toBe(15_000);
  expect(delay(0, 99)).toBe(30_000);
});
