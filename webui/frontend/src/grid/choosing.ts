/** Choosing many cells, and the bar that counts them and opens what is to be done with them. */

import { saidAll, sayAll } from "../address";
import { openSheet } from "../sheet";
import type { Data, Place, Row, Run, Seen } from "./model";
import { addressOf, Selection, type Chosen } from "./selection";

const LONGEST = 2000;

export class Choosing {
  data: Data = { dag_id: "", rows: [], runs: [], states: [] };
  seen: Seen[] = [];
  private cells = new Selection(saidAll("cell"));
  /** Where stretching began. */
  private anchor: Place | undefined;
  private dragFrom: Place | undefined;
  private dragTo: Place | undefined;
  private bar: HTMLElement | null;

  constructor(
    box: HTMLElement,
    private redraw: () => void,
  ) {
    this.bar = box.parentElement?.querySelector<HTMLElement>("[data-cells]") ?? null;
    this.bar?.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]") : null;
      if (!button) return;
      button.closest("details")?.removeAttribute("open");
      this.act(button.dataset["do"] ?? "");
    });
  }

  has(run: Run, row: Row): boolean {
    return !this.cells.isEmpty && this.cells.has(run, row);
  }

  /** All between where stretching began and here. */
  stretch(from: Place, to: Place): void {
    if (!this.bar) return;
    this.anchor ??= from;
    this.cells.stretch(this.anchor, to, this.seen, this.data.runs);
    this.told();
  }

  /** One more, or one less; the first goes with the one that is shown beside the grid. */
  add(at: Place | undefined, place: Place): void {
    if (this.cells.isEmpty && at) this.toggle(at);
    if (at?.row !== place.row || at.column !== place.column || !this.cells.isEmpty) this.toggle(place);
  }

  toggle(place: Place): void {
    const [run, seen] = [this.data.runs[place.column], this.seen[place.row]];
    if (!this.bar || !run || !seen) return;
    this.anchor = place;
    this.cells.toggle(run, seen.row);
    this.told();
  }

  dragged(to: Place): void {
    this.dragFrom ??= to;
    const last = this.dragTo ?? this.dragFrom;
    if (last.row === to.row && last.column === to.column) return;
    this.dragTo = to;
    this.anchor = this.dragFrom;
    this.stretch(this.dragFrom, to);
  }

  dropped(): void {
    this.dragFrom = this.dragTo = undefined;
  }

  /** The next stretch begins anew; what is chosen stays. */
  end(): void {
    this.anchor = undefined;
  }

  clear(): void {
    this.anchor = undefined;
    if (this.cells.isEmpty) return;
    this.cells.clear();
    this.told();
  }

  /** Whether a key was one for what is chosen. */
  pressed(key: string): boolean {
    if (this.cells.isEmpty) return false;
    if (key === "Escape") this.clear();
    else if (key === "r") this.act("task");
    else return false;
    return true;
  }

  private among(): Chosen[] {
    return this.cells.isEmpty ? [] : this.cells.among(this.data);
  }

  private act(what: string): void {
    const address = addressOf(this.data.dag_id, this.among(), what);
    if (what === "clear") this.clear();
    else if (address) void openSheet(address);
  }

  /** The address says which they are, as long as it has room for them. */
  private told(): void {
    const keys = this.cells.all;
    sayAll("cell", keys.length > 0 && keys.join().length < LONGEST ? keys : undefined);
    this.show();
  }

  /** Counts them in the bar, and draws them. */
  show(): void {
    const count = this.among().reduce((sum, each) => sum + each.tasks.length, 0);
    if (this.bar) this.bar.hidden = count === 0;
    const note = this.bar?.querySelector("[data-count]");
    if (note) note.textContent = String(count);
    this.redraw();
  }
}
