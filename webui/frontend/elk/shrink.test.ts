// @vitest-environment node
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { graphs } from "./graphs";
import { smallWorker } from ".";
import { wholeWorker } from "./whole";
import { laidOut } from "./worker";

let [whole, small] = ["", ""];

beforeAll(async () => {
  [whole, small] = await Promise.all([wholeWorker(), smallWorker()]);
}, 120_000);

test("the small worker is less than half of the whole", () => {
  expect(gzipSync(small, { level: 9 }).length).toBeLessThan(230_000);
});

test("it lays graphs out that it has never seen, and as the whole does", () => {
  const others = graphs(4242, 7);
  const found = laidOut(small, others);
  expect(found.filter((each) => each.error)).toEqual([]);
  expect(found.filter((each) => each.data?.width === undefined || each.data.children?.some((child) => child.x === undefined))).toEqual([]);
  expect(JSON.stringify(found)).toBe(JSON.stringify(laidOut(whole, others)));
}, 120_000);

test("what was left out is an error, by which the page knows that it needs the whole", () => {
  const [asked] = graphs(7, 12).slice(-1);
  const strange = { ...asked!, layoutOptions: { ...asked!.layoutOptions, "elk.edgeRouting": "SPLINES" } };
  expect(laidOut(small, [strange])[0]?.error).toBeTruthy();
  expect(laidOut(whole, [strange])[0]?.error).toBeUndefined();
}, 120_000);
