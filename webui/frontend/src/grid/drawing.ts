/** Draws what is in sight of the grid; nodes change in place. */

import { calm } from "../direction";
import { html } from "../dom";
import { spoken } from "../said";
import { words } from "../states";
import { span } from "../time";
import { cellState, type Data, type Place, type Row, type Run, type Seen, type Sight } from "./model";
import { isMoved, isNew, Pool } from "./pool";

export const SIZE = 20;
/** Between the names and the first cell, so that its ring is seen whole. */
const ROOM = 4;

export interface Shown {
  data: Data;
  seen: Seen[];
  folded: ReadonlySet<string>;
  at: Place | undefined;
  isPicked: (run: Run, row: Row) => boolean;
  /** Another number whenever something else is shown. */
  version: number;
}

export class Drawing {
  private bars = html("div", { class: "grid-bars" });
  private body = html("div", { class: "grid-body" });
  private corner = html("div", { class: "grid-corner", role: "columnheader" }, spoken("Tasks"));
  private columns = new Pool<HTMLDivElement>();
  private rows = new Pool<HTMLDivElement>();
  private names = new Pool<HTMLDivElement>();
  private cells = new Pool<HTMLDivElement>();
  private sight: Sight = { top: 0, bottom: 0, left: 0, right: 0, from: 0 };
  private wide = 1;
  private high = 1;
  /** The longest run. */
  private most = 0.001;

  constructor(box: HTMLElement) {
    box.replaceChildren(html("div", { class: "grid-head", role: "row" }, this.corner, this.bars), this.body);
  }

  /** The width of the names. */
  get namesWidth(): number {
    return this.corner.offsetWidth;
  }

  /** Makes room for so many rows and columns; nothing is drawn yet. */
  measure(rows: number, columns: number, label: string): void {
    this.bars.style.width = `${columns * SIZE + 2 * ROOM + 8}px`;
    this.body.style.width = `calc(var(--names) + ${columns * SIZE + 2 * ROOM + 8}px)`;
    this.body.style.height = `${rows * SIZE + 8}px`;
    this.corner.textContent = label;
    this.clear();
  }

  clear(): void {
    for (const pool of [this.columns, this.names, this.cells, this.rows]) pool.clear();
    this.high = this.wide = 1;
  }

  draw(shown: Shown, sight: Sight): void {
    this.fit(sight);
    this.sight = sight;
    this.most = Math.max(0.001, ...shown.data.runs.map((run) => run.duration ?? 0));
    for (let c = sight.left; c < sight.right; c += 1) this.bar(shown, c);
    for (let r = sight.top; r < sight.bottom; r += 1) this.row(shown, r);
    for (const pool of [this.columns, this.names, this.cells, this.rows]) pool.sweep();
  }

  /** There are as many slots as were seen at once so far; where more are seen, each has another number. */
  private fit({ top, bottom, left, right, from }: Sight): void {
    const [high, wide] = [Math.max(this.high, bottom - top), Math.max(this.wide, right - left)];
    if (high === this.high && wide === this.wide && from === this.sight.from) return;
    this.clear();
    [this.high, this.wide] = [high, wide];
  }

  private bar({ data, at }: Shown, column: number): void {
    const run = data.runs[column];
    if (!run) return;
    const slot = this.columns.at(column % this.wide, () => this.bars.appendChild(newBar()));
    const on = column === at?.column;
    if (!isNew(slot, `${column} ${run.dag_run_id} ${run.state} ${run.duration} ${this.most} ${on}`)) return;
    slot.node.style.left = `${(column - this.sight.from) * SIZE + ROOM + 2}px`;
    const link = slot.node.firstElementChild as HTMLElement;
    link.style.height = `${6 + 36 * ((run.duration ?? 0) / this.most)}px`;
    link.setAttribute("href", run.href);
    link.dataset["state"] = run.state;
    link.title = calm(`${run.label}: ${words(run.state)}${run.duration === null ? "" : `, ${span(run.duration)}`}`);
    link.firstElementChild!.textContent = link.title;
    link.classList.toggle("on", on);
  }

  private row(shown: Shown, row: number): void {
    const slot = this.rows.at(row % this.high, () => this.body.appendChild(html("div", { class: "grid-row", role: "row" })));
    const seen = shown.seen[row];
    if (!seen) return;
    if (isNew(slot, String(row))) {
      slot.node.style.top = `${row * SIZE + 2}px`;
      slot.node.setAttribute("aria-rowindex", String(row + 2));
    }
    this.name(shown, slot.node, seen, row);
    for (let c = this.sight.left; c < this.sight.right; c += 1) this.cell(shown, slot.node, seen, row, c);
  }

  private name({ folded, at }: Shown, parent: HTMLElement, { row: { id, label, depth, is_group } }: Seen, row: number): void {
    const slot = this.names.at(row % this.high, () => parent.appendChild(html("div", { role: "rowheader" })));
    const fold = is_group ? (folded.has(id) ? "▸ " : "▾ ") : "";
    const on = row === at?.row;
    if (!isNew(slot, `${row} ${fold}${id} ${on}`)) return;
    slot.node.className = `grid-name d${Math.min(4, depth)}${is_group ? " group" : ""}${on ? " on" : ""}`;
    slot.node.textContent = fold + calm(label);
    slot.node.title = calm(id);
    slot.node.dataset["row"] = String(row);
  }

  private cell(shown: Shown, parent: HTMLElement, seen: Seen, row: number, column: number): void {
    const run = shown.data.runs[column];
    if (!run) return;
    const number = (row % this.high) * this.wide + (column % this.wide);
    const slot = this.cells.at(number, () => parent.appendChild(html("div", { role: "gridcell" })));
    if (!isMoved(slot, row, column, shown.version)) return;
    const state = cellState(shown.data.states, run, seen);
    const on = row === shown.at?.row && column === shown.at.column;
    const picked = shown.isPicked(run, seen.row);
    if (!isNew(slot, `${row} ${column} ${state} ${on} ${picked}`)) return;
    const { node } = slot;
    node.id = `cell-${row}-${column}`;
    node.className = `cell${seen.row.is_group ? " group" : ""}${on ? " on" : ""}${picked ? " picked" : ""}`;
    node.setAttribute("aria-selected", String(on || picked));
    node.setAttribute("aria-label", calm(`${seen.row.label}, ${run.label}: ${words(state)}`));
    node.dataset["row"] = String(row);
    node.dataset["column"] = String(column);
    node.dataset["state"] = state;
    node.style.left = `${(column - this.sight.from) * SIZE + ROOM}px`;
  }
}

function newBar(): HTMLDivElement {
  const link = html("a", { class: "grid-bar", tabindex: -1 }, html("span", { class: "sr" }));
  return html("div", { class: "grid-column", role: "columnheader" }, link);
}
