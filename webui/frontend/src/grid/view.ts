/** The grid in the page: what it shows of which data, what is chosen in it, and where it is scrolled to. */

import { saidAll, sayAll } from "../address";
import { poll } from "../poll";
import { spokenMany } from "../said";
import { Choosing } from "./choosing";
import { Drawing, SIZE } from "./drawing";
import { Hands, type Worked } from "./hands";
import { loudestPlace, paperSight, shape, visible, windowOf, type Data, type Place, type Row, type Run, type Seen, type Sight } from "./model";
import { panel } from "./panel";

class Grid implements Worked {
  at: Place | undefined;
  private data: Data = { dag_id: "", rows: [], runs: [], states: [] };
  private seen: Seen[] = [];
  private folded = new Set(saidAll("folded"));
  private atRun = "";
  private atTask = "";
  private isDue = false;
  private isPrinted = false;
  private version = 0;
  private drawing: Drawing;
  /** Cells chosen together, beside the one that the panel shows. */
  private choosing: Choosing;

  constructor(
    private box: HTMLElement,
    private choose: (run: Run, row: Row) => void,
  ) {
    const wanted = new URLSearchParams(location.search);
    this.atRun = wanted.get("run") ?? box.dataset["run"] ?? "";
    this.atTask = wanted.get("task") ?? wanted.get("group") ?? "";
    this.drawing = new Drawing(box);
    this.choosing = new Choosing(box, () => this.draw());
    new Hands(this, this.choosing).listen(box);
    box.addEventListener("scroll", () => this.drawSoon(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(box);
    for (const name of ["beforeprint", "afterprint"]) addEventListener(name, () => this.print(name === "beforeprint"));
  }

  get size(): { rows: number; columns: number } {
    return { rows: this.seen.length, columns: this.data.runs.length };
  }

  get chosen(): { run: Run; row: Row } | undefined {
    const [run, seen] = [this.data.runs[this.at?.column ?? -1], this.seen[this.at?.row ?? -1]];
    return run && seen && { run, row: seen.row };
  }

  take(data: Data): void {
    const first = this.data.runs.length === 0;
    const atEnd = this.box.scrollLeft + this.box.clientWidth >= this.box.scrollWidth - SIZE;
    const isOther = shape(this.data) !== shape(data);
    this.data = data;
    this.choosing.data = data;
    if (isOther) this.refold();
    if (first || atEnd) this.box.scrollLeft = this.box.scrollWidth;
    this.restore(first);
    if (first) this.choosing.show();
    else this.draw();
  }

  select(place: Place): void {
    this.at = place;
    const { run, row } = this.chosen ?? {};
    if (!run || !row) return;
    this.atRun = run.dag_run_id;
    this.atTask = row.id;
    this.reveal(place);
    this.draw();
    this.box.setAttribute("aria-activedescendant", `cell-${place.row}-${place.column}`);
    this.choose(run, row);
  }

  toggle(row: number): void {
    const id = this.seen[row]?.row.is_group ? this.seen[row]?.row.id : undefined;
    if (id === undefined) return;
    if (!this.folded.delete(id)) this.folded.add(id);
    sayAll("folded", this.folded.size ? this.folded : undefined);
    this.refold();
    this.restore(false);
    this.draw();
  }

  private refold(): void {
    this.seen = visible(this.data.rows, this.folded);
    this.choosing.seen = this.seen;
    const longest = Math.max(8, ...this.data.rows.map((r) => r.label.length + r.depth * 2));
    const wide = matchMedia("(max-width: 720px)").matches ? 150 : 280;
    this.box.style.setProperty("--names", `${Math.min(wide, 34 + longest * 7)}px`);
    const tasks = this.data.rows.filter((r) => !r.is_group).length;
    this.drawing.measure(this.seen.length, this.data.runs.length, spokenMany(tasks, "%(num)s task", "%(num)s tasks"));
  }

  /** The chosen cell is held by its run and task, so new runs do not move the choice. */
  private restore(first: boolean): void {
    const column = this.data.runs.findIndex((r) => r.dag_run_id === this.atRun);
    const row = this.seen.findIndex((s) => s.row.id === this.atTask);
    if (column >= 0 && row >= 0) this.at = { row, column };
    else if (first) this.at = loudestPlace(this.data, this.seen, this.box.dataset["run"] ? this.data.runs.length - 1 : 0);
    if (first && this.at) this.select(this.at);
  }

  /** Once a frame, however often it is scrolled in it. */
  private drawSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.scrolled();
    });
  }

  private draw(): void {
    this.version += 1;
    this.scrolled();
  }

  /** Draws what is in sight, where nothing but that is another. */
  private scrolled(): void {
    const { data, seen, folded, at, version } = this;
    this.drawing.draw({ data, seen, folded, at, version, isPicked: (run, row) => this.choosing.has(run, row) }, this.sight());
  }

  private sight(): Sight {
    const names = this.drawing.namesWidth;
    if (this.isPrinted) return paperSight(this.size, names, SIZE);
    const [top, bottom] = windowOf(this.box.scrollTop - 50, this.box.clientHeight, SIZE, this.size.rows);
    const [left, right] = windowOf(this.box.scrollLeft, this.box.clientWidth - names, SIZE, this.size.columns);
    return { top, bottom, left, right, from: 0 };
  }

  private print(isPrinted: boolean): void {
    this.isPrinted = isPrinted;
    this.drawing.clear();
    this.draw();
  }

  private reveal(place: Place): void {
    const [x, y] = [place.column * SIZE, place.row * SIZE];
    const inner = { w: this.box.clientWidth - this.drawing.namesWidth - 20, h: this.box.clientHeight - 80 };
    this.box.scrollLeft = Math.min(x, Math.max(this.box.scrollLeft, x + SIZE - inner.w));
    this.box.scrollTop = Math.min(y, Math.max(this.box.scrollTop, y + SIZE - inner.h));
  }
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
