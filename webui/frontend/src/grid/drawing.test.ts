import { beforeEach, expect, test } from "vitest";
import { Drawing, type Shown } from "./drawing";
import { visible, type Row, type Run, type Sight } from "./model";

const rows: Row[] = Array.from({ length: 100 }, (_, n) => ({ id: `t${n}`, label: `t${n}`, depth: 0, is_group: false }));
const runs: Run[] = Array.from({ length: 50 }, (_, n) => ({ dag_run_id: `r${n}`, label: `run ${n}`, state: "success", duration: n, href: `/r${n}`, cells: "s".repeat(99) + "f" }));
const sight = (top: number, left: number, from = 0): Sight => ({ top, bottom: top + 4, left, right: left + 3, from });

let box: HTMLElement;
let drawing: Drawing;
let shown: Shown;

beforeEach(() => {
  box = document.createElement("div");
  drawing = new Drawing(box);
  shown = { data: { dag_id: "d", rows, runs, states: [["f", "failed"], ["s", "success"]] }, seen: visible(rows, new Set()), folded: new Set(), at: undefined, isPicked: () => false, version: 1 };
});

const cells = (): HTMLElement[] => [...box.querySelectorAll<HTMLElement>(".cell")];
const labels = (): string[] => cells().map((each) => each.getAttribute("aria-label") ?? "").sort();

test("only what is in sight is drawn, and what scrolls into it stands at nodes that scrolled out", () => {
  drawing.draw(shown, sight(0, 0));
  const before = new Set(cells());
  expect(labels()).toContain("t3, run 2: success");
  drawing.draw(shown, sight(2, 1));
  expect(cells().length).toBe(12);
  expect(cells().every((each) => before.has(each))).toBe(true);
  expect(labels()).toContain("t5, run 3: success");
  expect(labels()).not.toContain("t0, run 0: success");
});

test("each cell stands in its row and says its state", () => {
  drawing.draw(shown, sight(96, 47));
  const last = box.querySelector<HTMLElement>("#cell-99-49");
  expect(last?.dataset["state"]).toBe("failed");
  expect(last?.parentElement?.getAttribute("aria-rowindex")).toBe("101");
  expect(last?.parentElement?.textContent).toBe("t99");
});

test("a choice is shown as soon as something of the grid is another", () => {
  drawing.draw(shown, sight(0, 0));
  drawing.draw({ ...shown, at: { row: 1, column: 1 }, isPicked: (run) => run.dag_run_id === "r2", version: 2 }, sight(0, 0));
  expect(box.querySelectorAll(".cell.on").length).toBe(1);
  expect(box.querySelectorAll(".cell.picked").length).toBe(4);
  expect(box.querySelectorAll("[aria-selected=true]").length).toBe(5);
});

test("on paper the first run that is drawn stands where none is scrolled", () => {
  drawing.draw(shown, sight(0, 0));
  const at = box.querySelector<HTMLElement>("#cell-0-0")?.style.left;
  drawing.clear();
  drawing.draw(shown, sight(0, 40, 40));
  expect(box.querySelector<HTMLElement>("#cell-0-40")?.style.left).toBe(at);
});
