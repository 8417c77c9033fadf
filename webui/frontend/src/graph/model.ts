/** The graph as data: folding groups, what ELK is asked, how its answer is read. No DOM here. */

import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api";
import type { State } from "../states";

export interface Node {
  id: string;
  label: string;
  parent: string | null;
  is_group: boolean;
  more: string;
}

/** From, to, and the words on the arrow where it carries some. */
export type Edge = [from: string, to: string, label?: string];

export interface Graph {
  nodes: Node[];
  edges: Edge[];
  /** The states, the loudest first; a graph without groups needs none. */
  loudest?: State[];
}

/** Words on an arrow, at their upper left corner. */
export interface Label {
  text: string;
  x: number;
  y: number;
  width: number;
}

export interface TaskState {
  state: State;
  more: string;
  href: string;
}

export interface Box {
  id: string;
  label: string;
  more: string;
  is_group: boolean;
  is_folded: boolean;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  edges: string[];
  labels: Label[];
}

export const LABEL_HEIGHT = 14;
export const HEIGHT = 44;
const PADDING = "[top=30,left=14,bottom=14,right=14]";

/** The group that hides a node when some groups are folded: the outermost folded one above it, or the node itself. */
export function shownAs(graph: Graph, folded: ReadonlySet<string>): Map<string, string> {
  const byId = new Map(graph.nodes.map((n) => [n.id, n]));
  const out = new Map<string, string>();
  for (const node of graph.nodes) {
    let shown = node.id;
    for (let up = node.parent; up !== null; up = byId.get(up)?.parent ?? null) {
      if (folded.has(up)) shown = up;
    }
    out.set(node.id, shown);
  }
  return out;
}

export function widthOf(label: string): number {
  return Math.min(260, Math.max(128, 46 + label.length * 7.2));
}

function elkNode(node: Node, graph: Graph, folded: ReadonlySet<string>, shown: Map<string, string>): ElkNode {
  const leaf = !node.is_group || folded.has(node.id);
  if (leaf) return { id: node.id, width: widthOf(node.label), height: HEIGHT };
  const below = graph.nodes.filter((n) => n.parent === node.id && shown.get(n.id) === n.id);
  return { id: node.id, layoutOptions: { "elk.padding": PADDING }, children: below.map((n) => elkNode(n, graph, folded, shown)) };
}

/** Arrows that fall together because a group is folded lose their words, unless all say the same. */
export function shownEdges(graph: Graph, shown: Map<string, string>): Edge[] {
  const seen = new Map<string, Edge>();
  for (const [a, b, label] of graph.edges) {
    const [from, to] = [shown.get(a), shown.get(b)];
    if (!from || !to || from === to) continue;
    const before = seen.get(`${from}\n${to}`);
    const same = !before || before[2] === label;
    seen.set(`${from}\n${to}`, label && same ? [from, to, label] : [from, to]);
  }
  return [...seen.values()];
}

function elkEdge([from, to, label]: Edge, n: number): ElkExtendedEdge {
  const labels = label ? [{ text: label, width: 12 + label.length * 6, height: LABEL_HEIGHT }] : [];
  return { id: `e${n}`, sources: [from], targets: [to], labels };
}

/** From left to right, or on a narrow screen from top to bottom. */
export type Direction = "RIGHT" | "DOWN";

export function elkGraph(graph: Graph, folded: ReadonlySet<string>, direction: Direction): ElkNode {
  const shown = shownAs(graph, folded);
  const roots = graph.nodes.filter((n) => n.parent === null);
  return {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction,
      "elk.hierarchyHandling": "INCLUDE_CHILDREN",
      "elk.edgeRouting": "POLYLINE",
      "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
      "elk.layered.thoroughness": "3",
      "elk.layered.spacing.nodeNodeBetweenLayers": "44",
      "elk.spacing.nodeNode": "16",
      "elk.edgeLabels.placement": "CENTER",
      "elk.json.edgeCoords": "ROOT",
    },
    children: roots.map((n) => elkNode(n, graph, folded, shown)),
    edges: shownEdges(graph, shown).map(elkEdge),
  };
}

function boxes(node: ElkNode, byId: Map<string, Node>, folded: ReadonlySet<string>, x: number, y: number): Box[] {
  return (node.children ?? []).flatMap((child) => {
    const its = byId.get(child.id);
    const [left, top] = [x + (child.x ?? 0), y + (child.y ?? 0)];
    if (!its) return [];
    const box: Box = {
      id: child.id,
      label: its.label,
      more: its.more,
      is_group: its.is_group,
      is_folded: its.is_group && folded.has(child.id),
      x: left,
      y: top,
      width: child.width ?? 0,
      height: child.height ?? 0,
    };
    return [box, ...boxes(child, byId, folded, left, top)];
  });
}

interface Point {
  x: number;
  y: number;
}

/** A soft line through the points that ELK gives, bending along the direction of the graph. */
export function curve(points: Point[], direction: Direction): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let from = first;
  let path = `M${first.x} ${first.y}`;
  for (const to of rest) {
    const [dx, dy] = direction === "RIGHT" ? [(to.x - from.x) / 2, 0] : [0, (to.y - from.y) / 2];
    path += `C${from.x + dx} ${from.y + dy} ${to.x - dx} ${to.y - dy} ${to.x} ${to.y}`;
    from = to;
  }
  return path;
}

function pathOf(edge: ElkExtendedEdge, direction: Direction): string {
  const section = edge.sections?.[0];
  return section ? curve([section.startPoint, ...(section.bendPoints ?? []), section.endPoint], direction) : "";
}

function labelsOf(edge: ElkExtendedEdge): Label[] {
  return (edge.labels ?? []).map((l) => ({ text: l.text ?? "", x: l.x ?? 0, y: l.y ?? 0, width: l.width ?? 0 }));
}

export function drawing(laid: ElkNode, graph: Graph, folded: ReadonlySet<string>, direction: Direction): Drawing {
  const byId = new Map(graph.nodes.map((n) => [n.id, n]));
  return {
    width: laid.width ?? 0,
    height: laid.height ?? 0,
    boxes: boxes(laid, byId, folded, 0, 0),
    edges: (laid.edges ?? []).map((e) => pathOf(e, direction)),
    labels: (laid.edges ?? []).flatMap(labelsOf),
  };
}

/** What a folded group shows of the tasks in it. */
export function groupState(id: string, graph: Graph, states: Record<string, TaskState>): State {
  const all = new Set([id]);
  const inside: State[] = [];
  for (const node of graph.nodes) {
    if (node.parent === null || !all.has(node.parent)) continue;
    if (node.is_group) all.add(node.id);
    else inside.push(states[node.id]?.state ?? "none");
  }
  return graph.loudest?.find((state) => inside.includes(state)) ?? "none";
}

/** The nearest box in the direction of an arrow key. */
export function neighbour(all: Box[], from: Box, key: string): Box | undefined {
  const centre = (b: Box): Point => ({ x: b.x + b.width / 2, y: b.y + b.height / 2 });
  const here = centre(from);
  const axis = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  if (!axis) return undefined;
  const [ax, ay] = axis as [number, number];
  const distance = (b: Box): number => {
    const [dx, dy] = [centre(b).x - here.x, centre(b).y - here.y];
    const along = dx * ax + dy * ay;
    return along <= 1 ? Infinity : along + 3 * Math.abs(dx * ay + dy * ax);
  };
  const best = all.filter((b) => b !== from).sort((a, b) => distance(a) - distance(b))[0];
  return best && distance(best) < Infinity ? best : undefined;
}
