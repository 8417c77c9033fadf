/** The grid in the page: only what is in sight is drawn, cells change in place, the keyboard does what the mouse does. */

import { calm } from "../direction";
import { html } from "../dom";
import { poll } from "../poll";
import { openSheet } from "../sheet";
import { words } from "../states";
import { Choosing } from "./choosing";
import { cellState, step, visible, windowOf, type Data, type Place, type Row, type Run, type Seen } from "./model";
import { panel } from "./panel";
import { spoken, spokenMany } from "../said";
import { span } from "../time";

const SIZE = 20;

class Grid {
  private data: Data = { dag_id: "", rows: [], runs: [] };
  private seen: Seen[] = [];
  private folded = new Set<string>();
  private at: Place | undefined;
  private atRun = "";
  private atTask = "";
  private drawn = new Map<string, HTMLElement>();
  /** What each of them shows. */
  private told = new Map<string, string>();
  private isDue = false;
  private slots = { rows: 0, columns: 0 };
  /** The longest run. */
  private most = 0.001;
  private bars = html("div", { class: "grid-bars" });
  private body = html("div", { class: "grid-body" });
  private corner = html("div", { class: "grid-corner", role: "columnheader" }, spoken("Tasks"));
  /** Cells chosen together, beside the one that the panel shows. */
  private choosing: Choosing;

  constructor(
    private box: HTMLElement,
    private choose: (run: Run, row: Row) => void,
  ) {
    this.choosing = new Choosing(box, () => this.draw());
    const wanted = new URLSearchParams(location.search);
    this.atRun = wanted.get("run") ?? box.dataset["run"] ?? "";
    this.atTask = wanted.get("task") ?? wanted.get("group") ?? "";
    box.replaceChildren(
      html("div", { class: "grid-head", role: "row" }, this.corner, this.bars),
      this.body,
    );
    box.addEventListener("scroll", () => this.drawSoon(), { passive: true });
    box.addEventListener("keydown", (event) => this.pressed(event));
    box.addEventListener("click", (event) => this.clicked(event));
    for (const name of ["pointerdown", "pointermove"] as const) box.addEventListener(name, (event) => this.dragged(event));
    box.addEventListener("dblclick", () => this.open());
    new ResizeObserver(() => this.draw()).observe(box);
  }

  take(data: Data): void {
    const first = this.data.runs.length === 0;
    const atEnd = this.box.scrollLeft + this.box.clientWidth >= this.box.scrollWidth - SIZE;
    const isOther = shape(this.data) !== shape(data);
    this.data = data;
    this.choosing.data = data;
    this.most = Math.max(0.001, ...data.runs.map((run) => run.duration ?? 0));
    if (isOther) this.refold();
    if (first || atEnd) this.box.scrollLeft = this.box.scrollWidth;
    this.restore(first);
    this.draw();
  }

  private refold(): void {
    this.seen = visible(this.data.rows, this.folded);
    this.choosing.seen = this.seen;
    const longest = Math.max(8, ...this.data.rows.map((r) => r.label.length + r.depth * 2));
    const wide = matchMedia("(max-width: 720px)").matches ? 150 : 280;
    this.box.style.setProperty("--names", `${Math.min(wide, 34 + longest * 7)}px`);
    this.bars.style.width = `${this.data.runs.length * SIZE + 14}px`;
    this.body.style.width = `calc(var(--names) + ${this.data.runs.length * SIZE + 14}px)`;
    this.body.style.height = `${this.seen.length * SIZE + 8}px`;
    this.corner.textContent = spokenMany(this.data.rows.filter((r) => !r.is_group).length, "%(num)s task", "%(num)s tasks");
    this.clear();
  }

  /** The chosen cell is held by its run and task, so new runs do not move the choice. */
  private restore(first: boolean): void {
    const column = this.data.runs.findIndex((r) => r.dag_run_id === this.atRun);
    const row = this.seen.findIndex((s) => s.row.id === this.atTask);
    if (column >= 0 && row >= 0) this.at = { row, column };
    else if (first) this.at = this.loudestPlace();
    if (first && this.at) this.select(this.at);
  }

  /** What the reader came for: the newest failure, of a run's own grid that of the run; else the newest run. */
  private loudestPlace(): Place | undefined {
    const oldest = this.box.dataset["run"] ? this.data.runs.length - 1 : 0;
    for (let column = this.data.runs.length - 1; column >= oldest; column -= 1) {
      const run = this.data.runs[column];
      const row = this.seen.findIndex((s) => run && !s.row.is_group && cellState(run, s) === "failed");
      if (row >= 0) return { row, column };
    }
    const row = this.seen.findIndex((s) => !s.row.is_group);
    return this.data.runs.length ? { row: Math.max(0, row), column: this.data.runs.length - 1 } : undefined;
  }

  /** Once a frame, however often it is scrolled in it. */
  private drawSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.draw();
    });
  }

  private draw(): void {
    const names = this.corner.offsetWidth;
    const size = { w: this.box.clientWidth - names, h: this.box.clientHeight };
    this.room(size);
    const [top, bottom] = windowOf(this.box.scrollTop - 50, size.h, SIZE, this.seen.length);
    const [left, right] = windowOf(this.box.scrollLeft, size.w, SIZE, this.data.runs.length);
    const keep = new Set<string>();
    for (let c = left; c < right; c += 1) this.bar(c, keep);
    for (let r = top; r < bottom; r += 1) {
      this.row(r, keep);
      this.name(r, keep);
      for (let c = left; c < right; c += 1) this.cell(r, c, keep);
    }
    for (const [key, node] of this.drawn) {
      if (keep.has(key)) continue;
      node.remove();
      this.drawn.delete(key);
      this.told.delete(key);
    }
  }

  /** Nodes that scroll out of sight are those that scroll into it: there are as many places as are seen at once. */
  private room(size: { w: number; h: number }): void {
    const [rows, columns] = [Math.ceil(size.h / SIZE) + 10, Math.ceil(size.w / SIZE) + 10];
    if (rows === this.slots.rows && columns === this.slots.columns) return;
    this.slots = { rows, columns };
    this.clear();
  }

  private clear(): void {
    for (const node of this.drawn.values()) node.remove();
    this.drawn.clear();
    this.told.clear();
  }

  private node(key: string, keep: Set<string>, make: () => HTMLElement): HTMLElement {
    keep.add(key);
    let node = this.drawn.get(key);
    if (!node) {
      node = make();
      this.drawn.set(key, node);
    }
    return node;
  }

  /** Whether a node is to be written anew: it shows something else than what it was told last. */
  private isNew(key: string, text: string): boolean {
    if (this.told.get(key) === text) return false;
    this.told.set(key, text);
    return true;
  }

  private bar(column: number, keep: Set<string>): void {
    const run = this.data.runs[column];
    if (!run) return;
    const key = `b${column % this.slots.columns}`;
    const node = this.node(key, keep, () => this.newBar());
    const on = column === this.at?.column;
    if (!this.isNew(key, `${column} ${run.dag_run_id} ${run.state} ${run.duration} ${this.most} ${on}`)) return;
    const [link, name] = [node.firstElementChild as HTMLElement, node.querySelector(".sr")];
    node.style.left = `${column * SIZE + 4}px`;
    link.style.height = `${6 + 36 * ((run.duration ?? 0) / this.most)}px`;
    link.setAttribute("href", run.href);
    link.dataset["state"] = run.state;
    link.title = calm(`${run.label}: ${words(run.state)}${run.duration === null ? "" : `, ${span(run.duration)}`}`);
    if (name) name.textContent = link.title;
    link.classList.toggle("on", on);
  }

  private newBar(): HTMLElement {
    const link = html("a", { class: "grid-bar", tabindex: -1 }, html("span", { class: "sr" }));
    return this.bars.appendChild(html("div", { class: "grid-column", role: "columnheader" }, link));
  }

  private row(row: number, keep: Set<string>): void {
    const key = `r${row % this.slots.rows}`;
    const node = this.node(key, keep, () => this.body.appendChild(html("div", { class: "grid-row", role: "row" })));
    if (!this.isNew(key, String(row))) return;
    node.style.top = `${row * SIZE}px`;
    node.setAttribute("aria-rowindex", String(row + 2));
  }

  private name(row: number, keep: Set<string>): void {
    const seen = this.seen[row];
    if (!seen) return;
    const key = `n${row % this.slots.rows}`;
    const node = this.node(key, keep, () => this.inRow(row, html("div", { role: "rowheader" })));
    const fold = seen.row.is_group ? (this.folded.has(seen.row.id) ? "▸ " : "▾ ") : "";
    const on = row === this.at?.row;
    if (!this.isNew(key, `${row} ${fold}${seen.row.id} ${on}`)) return;
    node.className = `grid-name d${Math.min(4, seen.row.depth)}${seen.row.is_group ? " group" : ""}${on ? " on" : ""}`;
    node.textContent = fold + calm(seen.row.label);
    node.title = calm(seen.row.id);
    node.dataset["row"] = String(row);
  }

  private inRow(row: number, node: HTMLElement): HTMLElement {
    this.drawn.get(`r${row % this.slots.rows}`)?.append(node);
    return node;
  }

  private cell(row: number, column: number, keep: Set<string>): void {
    const [seen, run] = [this.seen[row], this.data.runs[column]];
    if (!seen || !run) return;
    const state = cellState(run, seen);
    const key = `c${row % this.slots.rows}.${column % this.slots.columns}`;
    const node = this.node(key, keep, () => this.inRow(row, html("div", { role: "gridcell" })));
    const on = row === this.at?.row && column === this.at.column;
    const picked = this.choosing.has(run, seen.row);
    if (!this.isNew(key, `${row} ${column} ${state} ${on} ${picked}`)) return;
    node.id = `cell-${row}-${column}`;
    node.className = `cell${seen.row.is_group ? " group" : ""}${on ? " on" : ""}${picked ? " picked" : ""}`;
    node.setAttribute("aria-selected", String(on || picked));
    node.dataset["row"] = String(row);
    node.dataset["column"] = String(column);
    node.style.left = `calc(var(--names) + ${column * SIZE + 2}px)`;
    node.title = calm(`${seen.row.label}, ${run.label}: ${words(state)}`);
    node.setAttribute("aria-label", node.title);
    if (node.dataset["state"] !== state) node.dataset["state"] = state;
  }

  private select(place: Place): void {
    const [seen, run] = [this.seen[place.row], this.data.runs[place.column]];
    if (!seen || !run) return;
    this.at = place;
    this.atRun = run.dag_run_id;
    this.atTask = seen.row.id;
    this.reveal(place);
    this.draw();
    this.box.setAttribute("aria-activedescendant", `cell-${place.row}-${place.column}`);
    this.choose(run, seen.row);
  }

  private reveal(place: Place): void {
    const names = this.corner.offsetWidth;
    const [x, y] = [place.column * SIZE, place.row * SIZE];
    const inner = { w: this.box.clientWidth - names - 20, h: this.box.clientHeight - 80 };
    this.box.scrollLeft = Math.min(x, Math.max(this.box.scrollLeft, x + SIZE - inner.w));
    this.box.scrollTop = Math.min(y, Math.max(this.box.scrollTop, y + SIZE - inner.h));
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = step(this.at ?? { row: 0, column: 0 }, event.key, this.seen.length, this.data.runs.length);
    if (next) this.moved(next, event.shiftKey);
    else if (event.key === "Enter") this.open();
    else if (event.key === " ") this.toggle(this.at?.row ?? -1);
    else if (event.key === "x" && this.at) this.choosing.toggle(this.at);
    else if (!this.choosing.pressed(event.key) && !this.act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private moved(next: Place, stretches: boolean): void {
    if (stretches) this.choosing.stretch(this.at ?? next, next);
    else this.choosing.end();
    this.select(next);
  }

  /** The keys act on the chosen cell, whatever the panel beside it shows yet. */
  private act(key: string): boolean {
    const run = this.data.runs[this.at?.column ?? -1];
    const row = this.seen[this.at?.row ?? -1]?.row;
    if (!run || !row) return false;
    const what = { [row.is_group ? "group" : "task"]: row.id };
    if (key === "r") void openSheet(`${run.href}/rerun?${new URLSearchParams({ ...what, scope: "task" })}`);
    else if (key === "l" && !row.is_group) location.assign(`${run.href}/tasks/${encodeURIComponent(row.id)}`);
    else return false;
    return true;
  }

  private open(): void {
    const run = this.data.runs[this.at?.column ?? -1];
    const seen = this.seen[this.at?.row ?? -1];
    if (!run || !seen) return;
    if (seen.row.is_group) return this.toggle(this.at?.row ?? -1);
    location.assign(`${run.href}/tasks/${encodeURIComponent(seen.row.id)}`);
  }

  private toggle(row: number): void {
    const id = this.seen[row]?.row.is_group ? this.seen[row]?.row.id : undefined;
    if (id === undefined) return;
    if (!this.folded.delete(id)) this.folded.add(id);
    this.refold();
    this.restore(false);
    this.draw();
  }

  private clicked(event: MouseEvent): void {
    const row = rowUnder(event);
    if (row === undefined) return;
    const place = placeUnder(event);
    if (!place) return this.toggle(row);
    if (event.shiftKey) this.choosing.stretch(this.at ?? place, place);
    else if (event.ctrlKey || event.metaKey) this.choosing.add(this.at, place);
    else this.choosing.clear();
    this.select(place);
  }

  /** A mouse that is held down chooses all between; a finger scrolls. */
  private dragged(event: PointerEvent): void {
    if (event.type === "pointerdown" || event.buttons !== 1) this.choosing.dropped();
    if (event.buttons !== 1 || event.pointerType !== "mouse") return;
    const place = placeUnder(event);
    if (place) this.choosing.dragged(place);
  }
}

function under(event: Event): DOMStringMap {
  const node = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-row]") : null;
  return node?.dataset ?? {};
}

function rowUnder(event: Event): number | undefined {
  const { row } = under(event);
  return row === undefined ? undefined : Number(row);
}

function placeUnder(event: Event): Place | undefined {
  const { row, column } = under(event);
  return row === undefined || column === undefined ? undefined : { row: Number(row), column: Number(column) };
}

/** What the drawn nodes depend on; where it is the same, they change in place. */
function shape(data: Data): string {
  return JSON.stringify([data.rows, data.runs.map((run) => run.dag_run_id)]);
}

export function mount(box: HTMLElement): void {
  const grid = new Grid(box, panel());
  poll(
    () => box.dataset["grid"] ?? "",
    (answer) => {
      grid.take(JSON.parse(answer.text) as Data);
      box.removeAttribute("aria-busy");
    },
  );
}
