/** The log in the page: follows while it is written, draws only the lines in sight, filters, folds, jumps, searches. */

import { argument, say } from "../address";
import { html } from "../dom";
import { Lines, plain, type Group } from "./lines";
import { painted } from "./paint";
import { Picks } from "./picks";
import { Reading, type Part } from "./reading";
import { Rows, TALL } from "./rows";
import { Search } from "./search";
import { clock, stamp } from "../time";
import { number as count, spoken, spokenMany } from "../said";

const PAD = 6;

class LogView {
  private lines = new Lines();
  private picks = new Picks(this.lines);
  private rows = new Rows();
  private found = new Search(this.lines, this.picks, (isFirst) => this.told(isFirst));
  private isDone = false;
  /** Whether what was there at first is still being read, in parts. */
  private opens = true;
  private follow = true;
  private wraps = false;
  private space = html("div", { class: "log-space" });
  private drawn = new Map<number, HTMLElement>();
  /** Whether it opens at the first place of the words that the address says. */
  private looks = false;

  constructor(
    private box: HTMLElement,
    private tools: ParentNode,
  ) {
    box.replaceChildren(this.space);
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    box.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.resized()).observe(box);
    this.on("follow", () => this.setFollow(!this.follow));
    this.on("error", () => {
      this.box.scrollIntoView({ block: "nearest" });
      this.toError();
    });
    this.on("wrap", () => this.setWrap(!this.wraps));
    this.on("next", () => this.step(1));
    const search = tools.querySelector<HTMLInputElement>("[data-log-search]");
    search?.addEventListener("input", () => {
      this.tell("find", search.value);
      this.found.for(search.value);
    });
    search?.addEventListener("keydown", (event) => event.key === "Enter" && this.step(event.shiftKey ? -1 : 1));
    this.choose("level", (level) => ({ level }));
    this.choose("source", (source) => ({ source }));
    this.setFollow(true);
    if (this.isAlone && search && argument("find")) {
      this.looks = location.hash === "";
      this.found.for((search.value = argument("find")));
    }
  }

  /** Of two logs beside each other the address says nothing. */
  private get isAlone(): boolean {
    return document.querySelectorAll("[data-log-frame]").length === 1;
  }

  private tell(name: string, value: string): void {
    if (this.isAlone) say(name, value);
  }

  run(): Promise<void> {
    return new Reading(this.box, (part) => this.take(part)).run();
  }

  private choose(what: string, wished: (value: string) => Partial<Picks["wish"]>): void {
    const box = this.tools.querySelector<HTMLSelectElement>(`[data-log-${what}]`);
    if (box && this.isAlone && argument(what)) {
      box.value = argument(what);
      this.picks.want({ ...this.picks.wish, ...wished(box.value) });
    }
    box?.addEventListener("change", () => {
      this.tell(what, box.value);
      this.picks.want({ ...this.picks.wish, ...wished(box.value) });
      this.changed();
      if (this.follow) this.toEnd();
      this.found.again();
    });
  }

  private on(what: string, does: () => void): void {
    this.tools.querySelector(`[data-log-do="${what}"]`)?.addEventListener("click", does);
  }

  private take(part: Part): void {
    for (const raw of part.lines) this.lines.add(raw);
    this.isDone = part.isDone;
    if (part.isDone) this.lines.finish();
    this.picks.grow();
    const isOpened = this.opens && !part.hasMore;
    this.opens &&= part.hasMore;
    if (isOpened && part.isDone) this.picks.foldQuiet();
    this.measure();
    if (isOpened && part.isDone) this.open();
    else if (this.follow) this.toEnd();
    else this.draw();
    this.found.go();
  }

  /** A finished log opens where it went wrong, or at the line that the address names. */
  private open(): void {
    const line = Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0);
    this.setFollow(false);
    this.redraw();
    if (line > 0) this.show(line - 1);
    else if (!this.looks) this.toError();
  }

  private changed(): void {
    this.rows.forget();
    this.measure();
    this.redraw();
  }

  private measure(): void {
    const { lines } = this.picks;
    if (this.wraps) this.rows.set(lines.length, this.columns(), (row) => this.length(row));
    else this.rows.set(lines.length);
    this.space.style.height = `${this.rows.space + 2 * PAD}px`;
    this.status();
  }

  private length(row: number): number {
    return plain(this.lines.shown(this.picks.lines[row] ?? 0)).length;
  }

  /** Characters that fit behind number and time. */
  private columns(): number {
    const probe = html("span", { class: "x" }, "0".repeat(100));
    const line = html("div", { class: "log-line" }, html("span", { class: "n" }), html("span", { class: "t" }, " ".repeat(12)), probe);
    this.space.append(line);
    const each = probe.getBoundingClientRect();
    const room = this.box.clientWidth - 14 - (each.left - this.space.getBoundingClientRect().left);
    line.remove();
    return Math.max(10, Math.floor((room * 100) / each.width));
  }

  private status(): void {
    const [shown, all] = [this.picks.lines.length, this.lines.count];
    const total = spokenMany(all, "%(num)s line", "%(num)s lines");
    const text = this.picks.isNarrow ? spoken("%(shown)s of %(total)s", { shown: count(shown), total }) : total;
    const note = this.tools.querySelector("[data-log-status]");
    if (note) note.textContent = this.isDone ? text : `${text} · ${this.opens ? spoken("reading") : spoken("live")}`;
    const error = this.tools.querySelector<HTMLElement>('[data-log-do="error"]');
    if (error) error.hidden = this.lines.lastError() < 0;
    const follow = this.tools.querySelector<HTMLElement>('[data-log-do="follow"]');
    if (follow) follow.hidden = this.isDone;
    this.box.toggleAttribute("data-empty", all === 0);
    if (this.isDone && all === 0) this.space.textContent = `  ${spoken("This attempt wrote nothing.")}`;
  }

  private setFollow(on: boolean): void {
    this.follow = on;
    this.tools.querySelector('[data-log-do="follow"]')?.setAttribute("aria-pressed", String(on));
    if (on) this.toEnd();
    this.draw();
  }

  private setWrap(on: boolean): void {
    const top = this.picks.lines[this.rows.window(this.offset(), 0)[0] + 4] ?? 0;
    this.wraps = on;
    this.tools.querySelector('[data-log-do="wrap"]')?.setAttribute("aria-pressed", String(on));
    this.box.classList.toggle("wraps", on);
    this.changed();
    if (this.follow) this.toEnd();
    else this.scrollTo(this.rows.top(this.picks.place(top)));
  }

  private resized(): void {
    if (this.wraps) this.changed();
    else this.draw();
  }

  private toEnd(): void {
    this.box.scrollTop = this.box.scrollHeight;
    this.draw();
  }

  private scrolled(): void {
    const atEnd = this.box.scrollTop + this.box.clientHeight >= this.box.scrollHeight - 2 * TALL;
    if (atEnd !== this.follow) this.setFollow(atEnd);
    else this.draw();
  }

  private toError(): void {
    const n = this.lines.lastError();
    if (n >= 0) this.show(n);
  }

  private show(n: number): void {
    const before = this.picks.lines;
    this.picks.reveal(n);
    if (this.picks.lines !== before) this.changed();
    this.scrollTo(this.rows.top(this.picks.place(n)) - this.box.clientHeight / 3);
  }

  private scrollTo(offset: number): void {
    this.box.scrollTop = this.rows.bar(offset, this.box.clientHeight);
    this.draw();
  }

  private offset(): number {
    return this.rows.offset(this.box.scrollTop, this.box.clientHeight);
  }

  private told(isFirst: boolean): void {
    const note = this.tools.querySelector("[data-log-count]");
    if (note) note.textContent = this.found.count;
    const first = this.found.found[0];
    const isAsked = this.looks || document.activeElement?.matches("[data-log-search]");
    if (isFirst && first !== undefined && isAsked) {
      this.looks = false;
      this.show(first);
    }
    this.redraw();
  }

  private step(by: number): void {
    const n = this.found.step(by);
    if (n === undefined) return;
    this.box.scrollIntoView({ block: "nearest" });
    this.show(n);
    this.told(false);
  }

  private clicked(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    const fold = event.target.closest<HTMLElement>("[data-fold]");
    const group = fold && this.lines.groupAt(Number(fold.dataset["fold"]));
    if (group) return this.fold(group);
    const number = event.target.closest<HTMLElement>(".n");
    if (!number) return;
    history.replaceState(null, "", `#L${number.textContent ?? ""}`);
    this.redraw();
  }

  private fold(group: Group): void {
    this.picks.fold(group, !this.picks.isFolded(group));
    this.changed();
    this.space.querySelector<HTMLElement>(`[data-fold="${group.first}"]`)?.focus({ preventScroll: true });
  }

  private redraw(): void {
    for (const node of this.drawn.values()) node.remove();
    this.drawn.clear();
    this.draw();
  }

  private draw(): void {
    const offset = this.offset();
    const [from, to] = this.rows.window(offset - PAD, this.box.clientHeight);
    const shift = this.box.scrollTop - offset + PAD;
    for (const [row, node] of this.drawn) {
      if (row >= from && row < to) continue;
      node.remove();
      this.drawn.delete(row);
    }
    for (let row = from; row < to; row += 1) {
      const node = this.drawn.get(row) ?? this.space.appendChild(this.line(this.picks.lines[row] ?? 0));
      this.drawn.set(row, node);
      node.style.top = `${this.rows.top(row) + shift}px`;
    }
  }

  private line(n: number): HTMLElement {
    const at = this.lines.time(n);
    const group = this.picks.isNarrow ? undefined : this.lines.groupAt(n);
    const time = html("span", at === null ? { class: "t" } : { class: "t", title: stamp(at) }, at === null ? " ".repeat(12) : clock(at));
    const node = html("div", { class: `log-line ${this.lines.kind(n)}` }, html("span", { class: "n" }, String(n + 1)), time);
    node.append(group ? this.head(group) : painted(this.lines.shown(n)));
    node.classList.toggle("hit", this.found.has(n));
    node.classList.toggle("here", this.found.found[this.found.here] === n);
    node.classList.toggle("marked", location.hash === `#L${n + 1}`);
    return node;
  }

  private head(group: Group): HTMLElement {
    const isFolded = this.picks.isFolded(group);
    const hidden = Math.min(group.end, this.lines.count) - group.first - 1;
    const more = { class: "x fold-head", type: "button", "data-fold": group.first, "aria-expanded": String(!isFolded) };
    return html("button", more, `${isFolded ? "▸" : "▾"} ${group.title}`, html("span", { class: "faint" }, `  ${spokenMany(hidden, "%(num)s line", "%(num)s lines")}`));
  }
}

export function mount(box: HTMLElement): void {
  const tools = box.closest<HTMLElement>("[data-log-frame]") ?? document;
  void new LogView(box, tools).run();
}
