// @vitest-environment node
import { expect, test } from "vitest";
import { cellState, loudestPlace, paperSight, shape, step, visible, windowOf, type Alphabet, type Row, type Run } from "./model";

const rows: Row[] = [
  { id: "extract", label: "extract", depth: 0, is_group: false },
  { id: "enrich", label: "enrich", depth: 0, is_group: true },
  { id: "enrich.geo", label: "geo", depth: 1, is_group: false },
  { id: "enrich.deep", label: "deep", depth: 1, is_group: true },
  { id: "enrich.deep.x", label: "x", depth: 2, is_group: false },
  { id: "load", label: "load", depth: 0, is_group: false },
];
const states: Alphabet = [["f", "failed"], ["r", "running"], ["-", "none"], ["s", "success"], ["x", "removed"]];
const run: Run = { dag_run_id: "r", label: "r", state: "running", duration: 1, href: "/r", cells: "ssf-" };

test("a folded group hides what is below it, at any depth, and nothing else", () => {
  expect(visible(rows, new Set(["enrich"])).map((s) => s.row.id)).toEqual(["extract", "enrich", "load"]);
});

test("every task keeps its own letter when a group above it is folded", () => {
  const seen = visible(rows, new Set(["enrich"]));
  expect(seen.map((s) => cellState(states, run, s))).toEqual(["success", "failed", "none"]);
});

test("a group shows the loudest state of the tasks in it", () => {
  const seen = visible(rows, new Set());
  expect(cellState(states, run, seen[1]!)).toBe("failed");
  expect(cellState(states, { ...run, cells: "ssr-" }, seen[1]!)).toBe("running");
});

test("a run from before a task was added shows it as removed", () => {
  expect(cellState(states, { ...run, cells: "ss" }, visible(rows, new Set()).at(-1)!)).toBe("removed");
});

test("arrows stop at the edges", () => {
  expect(step({ row: 0, column: 0 }, "ArrowUp", 3, 3)).toEqual({ row: 0, column: 0 });
  expect(step({ row: 0, column: 0 }, "End", 3, 3)).toEqual({ row: 0, column: 2 });
  expect(step({ row: 0, column: 0 }, "q", 3, 3)).toBeUndefined();
});

test("of a thousand rows only those in sight are drawn", () => {
  const [from, to] = windowOf(4000, 400, 20, 1000);
  expect([from, to]).toEqual([196, 224]);
});

test("the grid opens on the newest failure of the runs that count, else on the first task of the newest run", () => {
  const seen = visible(rows, new Set());
  const data = { dag_id: "d", rows, states, runs: [] };
  const runs = [run, { ...run, cells: "sss-" }, { ...run, cells: "ssss" }];
  expect(loudestPlace({ ...data, runs }, seen, 0)).toEqual({ row: 4, column: 0 });
  expect(loudestPlace({ ...data, runs }, seen, 1)).toEqual({ row: 0, column: 2 });
  expect(loudestPlace(data, seen, 0)).toBeUndefined();
});

test("paper shows all rows and the newest runs, as many as fit", () => {
  expect(paperSight({ rows: 1000, columns: 100 }, 280, 20)).toEqual({ top: 0, bottom: 1000, left: 80, right: 100, from: 80 });
  expect(paperSight({ rows: 3, columns: 5 }, 280, 20)).toMatchObject({ left: 0, right: 5 });
});

test("cells change in place where rows and runs are the same", () => {
  const data = { dag_id: "d", rows, states, runs: [run] };
  expect(shape({ ...data, runs: [{ ...run, cells: "ffff" }] })).toBe(shape(data));
  expect(shape({ ...data, runs: [run, { ...run, dag_run_id: "s" }] })).not.toBe(shape(data));
});
