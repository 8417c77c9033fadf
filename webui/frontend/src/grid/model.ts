/** The grid as data: which rows are seen, what a cell says, where the arrows lead. No DOM here. */

import type { State } from "../states";

export interface Row {
  id: string;
  label: string;
  depth: number;
  is_group: boolean;
}

export interface Run {
  dag_run_id: string;
  label: string;
  state: State;
  duration: number | null;
  href: string;
  /** One letter a task row, in the order of `rows` without its groups. */
  cells: string;
}

/** The letter of each state, the loudest first. */
export type Alphabet = [letter: string, state: State][];

export interface Data {
  dag_id: string;
  rows: Row[];
  runs: Run[];
  states: Alphabet;
}

export interface Seen {
  row: Row;
  /** The places in `Run.cells` that this row stands for: one for a task, many for a folded group. */
  from: number;
  to: number;
}

/** The rows in sight, given the groups that are folded. */
export function visible(rows: Row[], folded: ReadonlySet<string>): Seen[] {
  const out: Seen[] = [];
  let hiddenBelow = Infinity;
  let place = 0;
  rows.forEach((row, n) => {
    const hidden = row.depth > hiddenBelow;
    if (!hidden) {
      hiddenBelow = row.is_group && folded.has(row.id) ? row.depth : Infinity;
      const to = row.is_group ? place + tasksBelow(rows, n) : place + 1;
      out.push({ row, from: place, to });
    }
    if (!row.is_group) place += 1;
  });
  return out;
}

function tasksBelow(rows: Row[], n: number): number {
  const depth = rows[n]?.depth ?? 0;
  let count = 0;
  for (let i = n + 1; i < rows.length && (rows[i]?.depth ?? 0) > depth; i += 1) {
    if (!rows[i]?.is_group) count += 1;
  }
  return count;
}

/** The loudest state of the tasks that a row stands for; what a run does not have was removed. */
export function cellState(states: Alphabet, run: Run, seen: Seen): State {
  const letters = run.cells.slice(seen.from, seen.to);
  return states.find(([letter]) => letters.includes(letter))?.[1] ?? "removed";
}

/** What is drawn: the first and one past the last row and column. */
export interface Sight {
  top: number;
  bottom: number;
  left: number;
  right: number;
  /** The column that stands at the left edge when nothing is scrolled. */
  from: number;
}

/** How many pixels the narrower of A4 and letter, held upright, has between its margins. */
const PAPER = 680;

export interface Place {
  row: number;
  column: number;
}

const STEPS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

export function step(place: Place, key: string, rows: number, columns: number): Place | undefined {
  const by = STEPS[key];
  if (!by) return undefined;
  return { row: clamp(place.row + by[0], rows), column: clamp(place.column + by[1], columns) };
}

function clamp(n: number, count: number): number {
  return Math.max(0, Math.min(count - 1, n));
}

/** What the reader came for: the newest failure, down to the oldest run that counts; else the newest run. */
export function loudestPlace({ runs, states }: Data, seen: Seen[], oldest: number): Place | undefined {
  for (let column = runs.length - 1; column >= oldest; column -= 1) {
    const run = runs[column];
    const row = seen.findIndex((s) => run && !s.row.is_group && cellState(states, run, s) === "failed");
    if (row >= 0) return { row, column };
  }
  const row = seen.findIndex((s) => !s.row.is_group);
  return runs.length ? { row: Math.max(0, row), column: runs.length - 1 } : undefined;
}

/** What the drawn nodes depend on; where it is the same, they change in place. */
export function shape(data: Data): string {
  return JSON.stringify([data.rows, data.runs.map((run) => run.dag_run_id)]);
}

/** Paper is not scrolled: all rows, and as many of the newest runs as are sure to fit across. */
export function paperSight(size: { rows: number; columns: number }, names: number, each: number): Sight {
  const from = Math.max(0, size.columns - Math.floor((PAPER - names) / each));
  return { top: 0, bottom: size.rows, left: from, right: size.columns, from };
}

/** First and one past the last index that a scrolled window shows, with a margin. */
export function windowOf(offset: number, size: number, each: number, count: number): [number, number] {
  const margin = 4;
  const from = Math.max(0, Math.floor(offset / each) - margin);
  return [from, Math.min(count, Math.ceil((offset + size) / each) + margin)];
}
