// @vitest-environment node
import { expect, test } from "vitest";
import { curve, elkGraph, groupState, neighbour, shownAs, shownEdges, type Box, type Graph } from "./model";
import { fitted, zoomed } from "./camera";

const node = (id: string, parent: string | null = null, is_group = false) => ({ id, label: id, parent, is_group, more: "" });
const graph: Graph = {
  nodes: [node("a"), node("g", null, true), node("g.b", "g"), node("g.h", "g", true), node("g.h.c", "g.h"), node("z")],
  edges: [
    ["a", "g.b"],
    ["a", "g.h.c"],
    ["g.b", "z"],
    ["g.h.c", "z"],
    ["g.b", "g.h.c"],
  ],
  loudest: ["failed", "running", "none", "success"],
};

test("a folded group stands for all tasks in it, and its inner edges are gone", () => {
  const shown = shownAs(graph, new Set(["g"]));
  expect(shown.get("g.h.c")).toBe("g");
  expect(shownEdges(graph, shown)).toEqual([
    ["a", "g"],
    ["g", "z"],
  ]);
});

test("an arrow keeps its words; arrows that a fold brings together keep them where all say the same", () => {
  const said: Graph = { nodes: graph.nodes, edges: [["a", "g.b", "many"], ["a", "g.h.c", "many"], ["g.b", "z", "one"], ["g.h.c", "z"]] };
  expect(shownEdges(said, shownAs(said, new Set()))[0]).toEqual(["a", "g.b", "many"]);
  expect(shownEdges(said, shownAs(said, new Set(["g"])))).toEqual([["a", "g", "many"], ["g", "z"]]);
  expect(elkGraph(said, new Set(), "RIGHT").edges?.[0]?.labels?.[0]?.text).toBe("many");
  expect(elkGraph(said, new Set(), "RIGHT").edges?.[3]?.labels).toEqual([]);
});

test("ELK is asked for what is shown only", () => {
  const asked = elkGraph(graph, new Set(["g.h"]), "RIGHT");
  const group = asked.children?.find((c) => c.id === "g");
  expect(group?.children?.map((c) => c.id)).toEqual(["g.b", "g.h"]);
  expect(group?.children?.[1]?.children).toBeUndefined();
});

test("a folded group shows the loudest state, also of groups in it", () => {
  const states = { "g.b": { state: "success", more: "", href: "" }, "g.h.c": { state: "failed", more: "", href: "" } } as const;
  expect(groupState("g", graph, states)).toBe("failed");
  expect(groupState("g", graph, {})).toBe("none");
});

test("a curve starts and ends where ELK says", () => {
  const points = [{ x: 0, y: 0 }, { x: 10, y: 4 }];
  expect(curve(points, "RIGHT")).toBe("M0 0C5 0 5 4 10 4");
  expect(curve(points, "DOWN")).toBe("M0 0C0 2 10 2 10 4");
});

test("an arrow leads to the nearest box on that side", () => {
  const box = (id: string, x: number, y: number): Box => ({ id, x, y, width: 10, height: 10, label: id, more: "", is_group: false, is_folded: false });
  const [a, b, c] = [box("a", 0, 0), box("b", 50, 5), box("c", 50, 90)];
  expect(neighbour([a, b, c], a, "ArrowRight")?.id).toBe("b");
  expect(neighbour([a, b, c], b, "ArrowDown")?.id).toBe("c");
  expect(neighbour([a, b, c], a, "ArrowLeft")).toBeUndefined();
});

test("zooming keeps the point under the pointer where it is", () => {
  const view = zoomed({ x: 10, y: 20, k: 1 }, 2, 110, 120);
  expect(view).toEqual({ k: 2, x: -90, y: -80 });
});

test("a small graph is not blown up, a large one fits", () => {
  expect(fitted(100, 50, 1000, 800).k).toBe(1.15);
  expect(fitted(10_000, 50, 1000, 800).k).toBeCloseTo(0.0968);
});
