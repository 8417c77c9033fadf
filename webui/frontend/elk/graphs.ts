/** Graphs of every kind that the page draws: with and without groups, words on arrows, parts that hang together and not. */

import type { ElkNode } from "elkjs/lib/elk-api";
import { elkGraph, type Edge, type Graph, type Node } from "../src/graph/model";

const DIRECTIONS = ["RIGHT", "DOWN"] as const;

/** Numbers that look like chance and are the same each time. */
function numbers(seed: number): () => number {
  let at = seed;
  return () => (at = (at * 16807) % 2147483647) / 2147483647;
}

function arrows(draw: () => number, tasks: number, wanted: number, said: boolean): Edge[] {
  const found = new Map<string, Edge>();
  for (let n = 0; n < wanted; n += 1) {
    const to = 1 + Math.floor(draw() * (tasks - 1));
    const from = Math.max(0, to - 1 - Math.floor(draw() * 12));
    const ends = [`t${from}`, `t${to}`] as const;
    if (from !== to) found.set(ends.join(), said && draw() < 0.3 ? [...ends, "when the day is over"] : [...ends]);
  }
  return [...found.values()];
}

/** The first tasks stand alone, the others in groups, of which every third lies in another. */
function graph(seed: number, tasks: number, wanted: number, groups: number, said: boolean): Graph {
  const draw = numbers(seed);
  const made: Node[] = [];
  for (let n = 0; n < groups; n += 1) made.push({ id: `g${n}`, label: `g${n}`, parent: n % 3 === 2 ? `g${n - 1}` : null, is_group: true, more: "" });
  for (let n = 0; n < tasks; n += 1) {
    const group = Math.floor((n * (groups + 1)) / tasks) - 1;
    made.push({ id: `t${n}`, label: "t".repeat(1 + Math.floor(draw() * 30)), parent: group < 0 ? null : `g${group}`, is_group: false, more: "" });
  }
  return { nodes: made, edges: arrows(draw, tasks, wanted, said) };
}

/** So many graphs for each direction, larger and larger; some of their groups are folded. */
export function graphs(seed: number, count: number): ElkNode[] {
  const out: ElkNode[] = [];
  for (const direction of DIRECTIONS) {
    for (let n = 0; n < count; n += 1) {
      const made = graph(seed + n * 7919, n * 3, 2 + n * (5 - (n % 4)), n < 3 ? 0 : n % 7, n % 2 === 0);
      out.push(elkGraph(made, new Set(n % 5 === 4 ? ["g0", "g3"] : []), direction));
    }
  }
  return out;
}
