import { expect, test } from "vitest";
import { coloured, hits, isWanted, lastError, Sorter, type Line } from "./lines";

function lines(...texts: string[]): Line[] {
  const sorter = new Sorter();
  return texts.map((text, n) => ({ text, at: null, kind: sorter.kindOf(text), source: n % 2 ? "stderr" : "stdout", n }));
}

test("a traceback is one error, from its first line to the exception", () => {
  const all = lines("start", "Traceback (most recent call last):", '  File "a.py", line 3', "    x()", "KeyError: 'currency'", "done");
  expect(all.map((l) => l.kind)).toEqual(["", "error", "error", "error", "error", ""]);
  expect(lastError(all)).toBe(1);
});

test("a log without an error has none to jump to", () => {
  expect(lastError(lines("all errors fixed", "no error here"))).toBe(-1);
});

test("levels are read through colours", () => {
  expect(lines("\u001b[31mERROR\u001b[0m no disk", "WARNING slow").map((l) => l.kind)).toEqual(["error", "warning"]);
});

test("colours become classes, markup stays text", () => {
  expect(coloured("\u001b[31m<b>red</b>\u001b[0m")).toBe('<span class="ansi-red-fg">&lt;b&gt;red&lt;/b&gt;</span>');
});

test("a hyperlink escape makes no link", () => {
  expect(coloured("\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007")).not.toContain("<a");
});

test("search ignores case and colours", () => {
  expect(hits(lines("a \u001b[32mDo\u001b[0mne", "b", "DONE"), "done")).toEqual([0, 2]);
  expect(hits(lines("a"), "")).toEqual([]);
});

test("lines are chosen by level and source", () => {
  const all = lines("plain", "WARNING slow", "ERROR no disk", "ERROR no tape");
  const chosen = (level: string, source: string) => all.filter((line) => isWanted(line, { level, source })).map((line) => line.n);
  expect(chosen("", "")).toEqual([0, 1, 2, 3]);
  expect(chosen("warning", "")).toEqual([1, 2, 3]);
  expect(chosen("error", "stderr")).toEqual([3]);
  expect(chosen("", "stdout")).toEqual([0, 2]);
});
