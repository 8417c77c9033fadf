/** Which cells are chosen together. They are held by run and row, so new runs do not move the choice. No DOM here. */

import type { Data, Place, Row, Run, Seen } from "./model";

/** Tasks of one run. */
export interface Chosen {
  run: Run;
  tasks: string[];
}

const key = (run: Run, row: Row): string => `${run.dag_run_id}\n${row.id}`;

export class Selection {
  private keys: Set<string>;

  constructor(keys: Iterable<string> = []) {
    this.keys = new Set(keys);
  }

  /** What makes another one the same. */
  get all(): string[] {
    return [...this.keys];
  }

  get isEmpty(): boolean {
    return this.keys.size === 0;
  }

  has(run: Run, row: Row): boolean {
    return this.keys.has(key(run, row));
  }

  clear(): void {
    this.keys.clear();
  }

  toggle(run: Run, row: Row): void {
    if (!this.keys.delete(key(run, row))) this.keys.add(key(run, row));
  }

  /** All cells between two, instead of what was chosen. */
  stretch(from: Place, to: Place, seen: Seen[], runs: Run[]): void {
    this.clear();
    for (const { row } of seen.slice(Math.min(from.row, to.row), Math.max(from.row, to.row) + 1)) {
      for (const run of runs.slice(Math.min(from.column, to.column), Math.max(from.column, to.column) + 1)) {
        this.keys.add(key(run, row));
      }
    }
  }

  /** What is chosen, a group as the tasks in it; what a run does not have is left out. */
  among(data: Data): Chosen[] {
    const tasks = data.rows.filter((row) => !row.is_group);
    const above = groupsAbove(data.rows);
    return data.runs
      .map((run) => {
        const is = (row: Row): boolean => [row, ...(above.get(row.id) ?? [])].some((each) => this.has(run, each));
        return { run, tasks: tasks.filter((row, n) => run.cells[n] !== "x" && n < run.cells.length && is(row)).map((row) => row.id) };
      })
      .filter((each) => each.tasks.length > 0);
  }
}

/** The groups that each task is in. */
function groupsAbove(rows: Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  let open: Row[] = [];
  for (const row of rows) {
    open = open.filter((group) => group.depth < row.depth);
    found.set(row.id, open);
    if (row.is_group) open = [...open, row];
  }
  return found;
}

/** As few words as say it: runs of which the same tasks are chosen stand together. */
export function packed(chosen: Chosen[]): string[] {
  const together = new Map<string, string[]>();
  for (const { run, tasks } of chosen) {
    const names = tasks.join(",");
    together.set(names, [...(together.get(names) ?? []), run.dag_run_id]);
  }
  return [...together].map(([names, ids]) => `${ids.join(",")}/${names}`);
}

/** Where what is to be done with them is shown first: many tasks of one run have a form of their own. */
export function addressOf(dag_id: string, chosen: Chosen[], what: string): string {
  const [first, ...others] = chosen;
  if (!first) return "";
  const isRerun = what === "task" || what === "downstream";
  if (others.length > 0) {
    const query = [...packed(chosen).map((each) => ["cells", each]), ["do", what]];
    return `/dags/${encodeURIComponent(dag_id)}/cells/many?${new URLSearchParams(query)}`;
  }
  const query = [...first.tasks.map((each) => ["pick", each]), [isRerun ? "scope" : "to", what]];
  return `${first.run.href}/${isRerun ? "rerun" : "mark"}?${new URLSearchParams(query)}`;
}
