/** What a reader does in the grid by keyboard, mouse and finger. */

import { openSheet } from "../sheet";
import type { Choosing } from "./choosing";
import { step, type Place, type Row, type Run } from "./model";

/** The grid, as it is worked. */
export interface Worked {
  readonly at: Place | undefined;
  readonly size: { rows: number; columns: number };
  /** What stands at the chosen place. */
  readonly chosen: { run: Run; row: Row } | undefined;
  select(place: Place): void;
  /** Folds or unfolds a group. */
  toggle(row: number): void;
}

export class Hands {
  constructor(
    private grid: Worked,
    private choosing: Choosing,
  ) {}

  listen(box: HTMLElement): void {
    box.addEventListener("keydown", (event) => this.pressed(event));
    box.addEventListener("click", (event) => this.clicked(event));
    for (const name of ["pointerdown", "pointermove"] as const) box.addEventListener(name, (event) => this.dragged(event));
    box.addEventListener("pointerover", explained);
    box.addEventListener("dblclick", () => this.open());
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { at, size } = this.grid;
    const next = step(at ?? { row: 0, column: 0 }, event.key, size.rows, size.columns);
    if (next) this.moved(next, event.shiftKey);
    else if (event.key === "Enter") this.open();
    else if (event.key === " ") this.grid.toggle(at?.row ?? -1);
    else if (event.key === "x" && at) this.choosing.toggle(at);
    else if (!this.choosing.pressed(event.key) && !this.act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private moved(next: Place, stretches: boolean): void {
    if (stretches) this.choosing.stretch(this.grid.at ?? next, next);
    else this.choosing.end();
    this.grid.select(next);
  }

  /** The keys act on the chosen cell, whatever the panel beside it shows yet. */
  private act(key: string): boolean {
    const { run, row } = this.grid.chosen ?? {};
    if (!run || !row) return false;
    const what = { [row.is_group ? "group" : "task"]: row.id };
    if (key === "r") void openSheet(`${run.href}/rerun?${new URLSearchParams({ ...what, scope: "task" })}`);
    else if (key === "l" && !row.is_group) location.assign(addressOf(run, row));
    else return false;
    return true;
  }

  private open(): void {
    const { run, row } = this.grid.chosen ?? {};
    if (!run || !row) return;
    if (row.is_group) this.grid.toggle(this.grid.at?.row ?? -1);
    else location.assign(addressOf(run, row));
  }

  private clicked(event: MouseEvent): void {
    const row = rowUnder(event);
    if (row === undefined) return;
    const place = placeUnder(event);
    if (!place) return this.grid.toggle(row);
    if (event.shiftKey) this.choosing.stretch(this.grid.at ?? place, place);
    else if (event.ctrlKey || event.metaKey) this.choosing.add(this.grid.at, place);
    else this.choosing.clear();
    this.grid.select(place);
  }

  /** A mouse that is held down chooses all between; a finger scrolls. */
  private dragged(event: PointerEvent): void {
    if (event.type === "pointerdown" || event.buttons !== 1) this.choosing.dropped();
    if (event.buttons !== 1 || event.pointerType !== "mouse") return;
    const place = placeUnder(event);
    if (place) this.choosing.dragged(place);
  }
}

function addressOf(run: Run, row: Row): string {
  return `${run.href}/tasks/${encodeURIComponent(row.id)}`;
}

function under(event: Event): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>("[data-row]") : null;
}

function rowUnder(event: Event): number | undefined {
  const row = under(event)?.dataset["row"];
  return row === undefined ? undefined : Number(row);
}

function placeUnder(event: Event): Place | undefined {
  const { row, column } = under(event)?.dataset ?? {};
  return row === undefined || column === undefined ? undefined : { row: Number(row), column: Number(column) };
}

/** A thousand cells that are scrolled need no tip each: the one under the mouse shows its name. */
function explained(event: Event): void {
  const cell = under(event);
  const name = cell?.getAttribute("aria-label");
  if (cell && name) cell.title = name;
}
