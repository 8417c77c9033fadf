import { expect, test } from "vitest";
import { Lines, plain, read } from "./lines";
import { addresses, coloured, painted } from "./paint";
import { Picks } from "./picks";
import { Rows, TALL } from "./rows";
import { Search } from "./search";

function lines(...texts: string[]): Lines {
  const all = new Lines();
  texts.forEach((text, n) => all.add({ text, time: "2026-11-21T14:00:00+00:00", level: "info", source: n % 2 ? "stderr" : "stdout" }));
  return all;
}

function kinds(all: Lines): string[] {
  return all.texts.map((_, n) => all.kind(n));
}

test("a traceback is one error, from its first line to the exception", () => {
  const all = lines("start", "Traceback (most recent call last):", '  File "a.py", line 3', "    x()", "KeyError: 'currency'", "done");
  expect(kinds(all)).toEqual(["", "error", "error", "error", "error", ""]);
  expect(all.lastError()).toBe(1);
});

test("a log without an error has none to jump to", () => {
  expect(lines("all errors fixed", "no error here").lastError()).toBe(-1);
});

test("levels are read through colours", () => {
  expect(kinds(lines("\u001b[31mERROR\u001b[0m no disk", "WARNING slow"))).toEqual(["error", "warning"]);
});

test("a record of many lines has its time once", () => {
  const all = lines("one\ntwo");
  expect(all.texts).toEqual(["one", "two"]);
  expect([all.time(0), all.time(1)]).toEqual([Date.parse("2026-11-21T14:00:00Z"), null]);
});

test("a line that cannot be read is shown as it is", () => {
  expect(read('{"time": "2026-').text).toBe('{"time": "2026-');
});

test("colours become classes, markup stays text", () => {
  expect(coloured("\u001b[31m<b>red</b>\u001b[0m")).toBe('<span class="ansi-red-fg">&lt;b&gt;red&lt;/b&gt;</span>');
});

test("a hyperlink escape makes no link", () => {
  expect(coloured("\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007")).not.toContain("<a");
});

test("addresses of the web are links, and nothing else is", () => {
  expect(addresses("see https://shop.example/a?b=1&c=2, or (http://x.example/y).")).toEqual([
    [4, "https://shop.example/a?b=1&c=2"],
    [40, "http://x.example/y"],
  ]);
  expect(addresses("javascript://%0aalert(1) data:text/html,x file:///etc/passwd https://")).toEqual([]);
  const box = painted('\u001b[32mhttps://shop.example/"onclick="x\u001b[0m <a href=javascript:x>');
  expect([...box.querySelectorAll("a")].map((each) => [each.getAttribute("href"), each.rel])).toEqual([
    ["https://shop.example/", "noopener noreferrer nofollow"],
  ]);
  expect(box.textContent).toBe('https://shop.example/"onclick="x <a href=javascript:x>');
});

test("an address of many brackets does not hold up the page", () => {
  const [long, end] = [`http://shop.example/${")".repeat(300_000)}x`, "}".repeat(300_000)];
  expect(addresses(`${long}${end}`)).toEqual([[0, long]]);
});

test("search ignores case and colours, counts, and goes on with what comes later", () => {
  const all = lines("a \u001b[32mDo\u001b[0mne", "b", "DONE");
  const search = new Search(all, new Picks(all), () => undefined);
  search.for("done");
  expect(search.found).toEqual([0, 2]);
  expect([search.count, search.step(1), search.step(1), search.step(-1)]).toEqual(["1 of 2", 2, 0, 2]);
  all.add({ text: "done again", time: null, level: "info", source: "" });
  search.go();
  expect([search.count, search.has(3), search.has(1)]).toEqual(["2 of 3", true, false]);
  search.for("");
  expect([search.found, search.count]).toEqual([[], ""]);
});

test("lines are chosen by level and source", () => {
  const all = lines("plain", "WARNING slow", "ERROR no disk", "ERROR no tape");
  const picks = new Picks(all);
  const chosen = (level: string, source: string): number[] => (picks.want({ level, source }), picks.lines);
  expect(chosen("", "")).toEqual([0, 1, 2, 3]);
  expect(chosen("warning", "")).toEqual([1, 2, 3]);
  expect(chosen("error", "stderr")).toEqual([3]);
  expect(chosen("", "stdout")).toEqual([0, 2]);
});

test("groups fold to their title, but not where something is wrong in them", () => {
  const all = lines("begin", "::group::fetch", "a", "::group::page 1", "b", "::endgroup::", "::endgroup::", "::group::load", "ERROR x", "::endgroup::", "end");
  all.finish();
  const picks = new Picks(all);
  picks.foldQuiet();
  const shown = (): string[] => picks.lines.map((n) => all.shown(n));
  expect(shown()).toEqual(["begin", "fetch", "load", "ERROR x", "end"]);
  picks.reveal(4);
  expect(shown()).toEqual(["begin", "fetch", "a", "page 1", "b", "load", "ERROR x", "end"]);
  picks.want({ level: "", source: "stdout" });
  expect(shown()).toEqual(["begin", "a", "b", "ERROR x", "end"]);
});

test("what nobody can see is nowhere in the way: a million lines scroll to their end", () => {
  const rows = new Rows();
  rows.set(1_000_000);
  const seen = 600;
  expect(rows.space).toBeLessThan(10_000_000);
  expect(rows.offset(rows.space - seen, seen)).toBe(1_000_000 * TALL - seen);
  expect(rows.offset(rows.bar(500_000 * TALL, seen), seen)).toBeCloseTo(500_000 * TALL, 0);
  expect(rows.window(rows.offset(0, seen), seen)).toEqual([0, 38]);
});

test("wrapped rows are as high as their text", () => {
  const rows = new Rows();
  const lengths = [5, 25, 0, 10];
  rows.set(4, 10, (row) => lengths[row] ?? 0);
  expect([0, 1, 2, 3, 4].map((row) => rows.top(row) / TALL)).toEqual([0, 1, 4, 5, 6]);
  expect(rows.window(2 * TALL, TALL)).toEqual([0, 4]);
});

test("escapes are no text", () => {
  expect(plain("\u001b[1mbold\u001b[0m")).toBe("bold");
});
