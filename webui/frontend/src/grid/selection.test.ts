// @vitest-environment node
import { expect, test } from "vitest";
import { visible, type Data, type Row, type Run } from "./model";
import { addressOf, packed, Selection } from "./selection";

const row = (id: string, depth = 0, is_group = false): Row => ({ id, label: id, depth, is_group });
const run = (id: number, cells = "ssf"): Run => ({ dag_run_id: `r${id}`, label: "", state: "success", duration: 1, href: `/r${id}`, cells });
const data: Data = { dag_id: "d", states: [], rows: [row("a"), row("g", 0, true), row("g.b", 1), row("c")], runs: [run(1), run(2), run(3, "sxf")] };
const seen = visible(data.rows, new Set());

function chosen(change: (selection: Selection) => void): string[] {
  const selection = new Selection();
  change(selection);
  return packed(selection.among(data));
}

test("all between two cells is chosen, whichever is first, and instead of what was", () => {
  const found = chosen((s) => {
    s.toggle(data.runs[2]!, data.rows[3]!);
    s.stretch({ row: 2, column: 1 }, { row: 0, column: 0 }, seen, data.runs);
  });
  expect(found).toEqual(["r1,r2/a,g.b"]);
});

test("a group stands for the tasks in it, and what a run lacks is left out", () => {
  expect(chosen((s) => s.stretch({ row: 1, column: 0 }, { row: 1, column: 2 }, seen, data.runs))).toEqual(["r1,r2/g.b"]);
});

test("a cell chosen twice is not chosen", () => {
  expect(chosen((s) => [0, 0].forEach(() => s.toggle(data.runs[0]!, data.rows[0]!)))).toEqual([]);
});

test("tasks of one run go to the form of that run", () => {
  const one = [{ run: data.runs[0]!, tasks: ["a", "c"] }];
  expect(addressOf("d", one, "task")).toBe("/r1/rerun?pick=a&pick=c&scope=task");
  expect(addressOf("d", one, "failed")).toBe("/r1/mark?pick=a&pick=c&to=failed");
  expect(addressOf("d", [...one, { run: data.runs[1]!, tasks: ["a"] }], "failed")).toBe("/dags/d/cells/many?cells=r1%2Fa%2Cc&cells=r2%2Fa&do=failed");
});
