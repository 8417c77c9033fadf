import { expect, test } from "vitest";
import { delay, gap, Pace } from "./poll";

test("a page that changes is asked every second, a quiet one less often", () => {
  expect(delay(0, 0)).toBe(1000);
  expect(delay(60, 0)).toBe(3000);
});

test("a server that is gone is asked ever less, never less than twice a minute", () => {
  expect(delay(0, 1)).toBe(5000);
  expect(delay(0, 3)).toBe(15_000);
  expect(delay(0, 99)).toBe(30_000);
});

test("while changes can be heard, the page asks only now and then to be sure", () => {
  expect(delay(0, 0, true)).toBe(10_000);
  expect(delay(0, 1, true)).toBe(5000);
});

test("the longer an answer takes, the longer the server is left alone", () => {
  expect(gap(5)).toBe(250);
  expect(gap(200)).toBe(1600);
  expect(gap(60_000)).toBe(5000);
});

test("after a rest a few answers follow each other at once, and in the long run none more", () => {
  const pace = new Pace();
  let now = 60_000;
  const rests = [1, 2, 3, 4, 5].map(() => {
    const rest = pace.rest((now += 200), 200);
    now += rest;
    return rest;
  });
  expect(rests).toEqual([250, 250, 250, 250, 1400]);
  expect(pace.rest(now + 60_000, 200)).toBe(250);
});
