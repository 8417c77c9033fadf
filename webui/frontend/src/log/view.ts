/** The log in the page: follows while it is written, draws only the lines in sight, filters, jumps to the error, searches. */

import { html } from "../dom";
import { windowOf } from "../grid/model";
import { coloured, hits, isWanted, lastError, Sorter, type Line, type Wish } from "./lines";

const TALL = 18;
const EVERY = 700;

interface Chunk {
  lines: { text: string; at: string | null; level: string; source: string }[];
  cursor: string;
  done: boolean;
  more: boolean;
}

class LogView {
  private all: Line[] = [];
  /** Those of them that are to be seen. */
  private lines: Line[] = [];
  private wish: Wish = { level: "", source: "" };
  private isDone = false;
  /** Whether what was there at first is still being read, in parts. */
  private opens = false;
  private sorter = new Sorter();
  private follow = true;
  private found: number[] = [];
  private here = 0;
  private space = html("div", { class: "log-space" });
  private drawn = new Map<number, HTMLElement>();
  private cursor = "";
  private failures = 0;

  constructor(
    private box: HTMLElement,
    private tools: ParentNode,
  ) {
    box.replaceChildren(this.space);
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    box.addEventListener("click", (event) => this.mark(event));
    new ResizeObserver(() => this.draw()).observe(box);
    this.on("follow", () => this.setFollow(!this.follow));
    this.on("error", () => this.toError());
    this.on("next", () => this.step(1));
    const search = tools.querySelector<HTMLInputElement>("[data-log-search]");
    search?.addEventListener("input", () => this.search(search.value));
    search?.addEventListener("keydown", (event) => event.key === "Enter" && this.step(event.shiftKey ? -1 : 1));
    this.choose("level", (level) => ({ level }));
    this.choose("source", (source) => ({ source }));
    this.setFollow(true);
  }

  private choose(what: string, wished: (value: string) => Partial<Wish>): void {
    const box = this.tools.querySelector<HTMLSelectElement>(`[data-log-${what}]`);
    box?.addEventListener("change", () => this.filter({ ...this.wish, ...wished(box.value) }));
  }

  async run(): Promise<void> {
    for (;;) {
      const chunk = document.hidden ? null : await this.ask();
      if (chunk?.done || !this.box.isConnected) break;
      if (!chunk?.more) await new Promise((resume) => setTimeout(resume, EVERY * (1 + this.failures * 3)));
    }
  }

  private async ask(): Promise<Chunk | null> {
    try {
      const url = new URL(this.box.dataset["log"] ?? "", location.href);
      if (this.cursor) url.searchParams.set("after", this.cursor);
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(String(answer.status));
      const chunk = (await answer.json()) as Chunk;
      this.failures = 0;
      this.take(chunk);
      return chunk;
    } catch {
      this.failures = Math.min(10, this.failures + 1);
      return null;
    }
  }

  private take(chunk: Chunk): void {
    const first = !this.cursor;
    this.cursor = chunk.cursor;
    this.isDone = chunk.done;
    for (const { text, at, level, source } of chunk.lines) {
      const line = { text, at, kind: this.sorter.kindOf(text, level), source, n: this.all.length };
      this.all.push(line);
      if (isWanted(line, this.wish)) this.lines.push(line);
    }
    this.measure();
    this.opens = (first || this.opens) && (chunk.done || chunk.more);
    if (chunk.done && this.opens) this.open();
    else if (this.follow) this.box.scrollTop = this.box.scrollHeight;
    this.search(this.tools.querySelector<HTMLInputElement>("[data-log-search]")?.value ?? "", false);
  }

  private filter(wish: Wish): void {
    this.wish = wish;
    this.lines = this.all.filter((line) => isWanted(line, wish));
    this.measure();
    this.redraw();
    if (this.follow) this.box.scrollTop = this.box.scrollHeight;
    this.search(this.tools.querySelector<HTMLInputElement>("[data-log-search]")?.value ?? "", false);
  }

  private measure(): void {
    this.space.style.height = `${this.lines.length * TALL + 12}px`;
    this.status(this.isDone);
  }

  /** A finished log opens where it went wrong, or at the line that the address names. */
  private open(): void {
    const line = Number(/^#L(\d+)$/.exec(location.hash)?.[1] ?? 0);
    this.setFollow(false);
    if (line > 0) this.show(this.lines.findIndex(({ n }) => n >= line - 1));
    else if (lastError(this.lines) >= 0) this.toError();
  }

  private status(done: boolean): void {
    const [some, all] = [this.lines.length.toLocaleString(), this.all.length.toLocaleString()];
    const text = some !== all ? `${some} of ${all} lines` : all === "1" ? "1 line" : `${all} lines`;
    const note = this.tools.querySelector("[data-log-status]");
    if (note) note.textContent = done ? text : `${text} · live`;
    const error = this.tools.querySelector<HTMLElement>('[data-log-do="error"]');
    if (error) error.hidden = lastError(this.lines) < 0;
    const follow = this.tools.querySelector<HTMLElement>('[data-log-do="follow"]');
    if (follow) follow.hidden = done;
    this.box.toggleAttribute("data-empty", this.all.length === 0);
    if (done && this.all.length === 0) this.space.textContent = "  This attempt wrote nothing.";
  }

  private on(what: string, does: () => void): void {
    this.tools.querySelector(`[data-log-do="${what}"]`)?.addEventListener("click", does);
  }

  private setFollow(on: boolean): void {
    this.follow = on;
    this.tools.querySelector('[data-log-do="follow"]')?.setAttribute("aria-pressed", String(on));
    if (on) this.box.scrollTop = this.box.scrollHeight;
    this.draw();
  }

  private scrolled(): void {
    const atEnd = this.box.scrollTop + this.box.clientHeight >= this.box.scrollHeight - 2 * TALL;
    if (atEnd !== this.follow) this.setFollow(atEnd);
    else this.draw();
  }

  private toError(): void {
    const n = lastError(this.lines);
    if (n >= 0) this.show(n);
  }

  private show(n: number): void {
    this.box.scrollTop = Math.max(0, n * TALL - this.box.clientHeight / 3);
    this.draw();
  }

  private search(wanted: string, jump = true): void {
    this.found = hits(this.lines, wanted);
    if (jump) this.here = 0;
    this.redraw();
    this.count(wanted);
    if (jump && this.found[0] !== undefined) this.show(this.found[0]);
  }

  private step(by: number): void {
    if (this.found.length === 0) return;
    this.here = (this.here + by + this.found.length) % this.found.length;
    this.show(this.found[this.here] ?? 0);
    this.redraw();
    this.count("x");
  }

  private count(wanted: string): void {
    const note = this.tools.querySelector("[data-log-count]");
    const some = this.found.length ? `${this.here + 1} of ${this.found.length}` : "no match";
    if (note) note.textContent = wanted ? some : "";
  }

  private mark(event: MouseEvent): void {
    const number = event.target instanceof Element ? event.target.closest<HTMLElement>(".n") : null;
    if (!number) return;
    history.replaceState(null, "", `#L${number.textContent ?? ""}`);
    this.redraw();
  }

  private redraw(): void {
    for (const node of this.drawn.values()) node.remove();
    this.drawn.clear();
    this.draw();
  }

  private draw(): void {
    const [from, to] = windowOf(this.box.scrollTop - 6, this.box.clientHeight, TALL, this.lines.length);
    for (const [n, node] of this.drawn) {
      if (n >= from && n < to) continue;
      node.remove();
      this.drawn.delete(n);
    }
    for (let n = from; n < to; n += 1) {
      if (!this.drawn.has(n)) this.drawn.set(n, this.space.appendChild(this.line(n)));
    }
  }

  private line(n: number): HTMLElement {
    const line: Line = this.lines[n] ?? { text: "", at: null, kind: "", source: "", n };
    const text = html("span", { class: "x" });
    text.innerHTML = coloured(line.text);
    const node = html("div", { class: `log-line ${line.kind}` }, html("span", { class: "n" }, String(line.n + 1)));
    node.append(html("span", { class: "t" }, line.at ? clock(line.at) : " ".repeat(12)));
    node.append(text);
    node.style.top = `${n * TALL + 6}px`;
    node.classList.toggle("hit", this.found.includes(n));
    node.classList.toggle("here", this.found[this.here] === n);
    node.classList.toggle("marked", location.hash === `#L${line.n + 1}`);
    return node;
  }
}

function clock(at: string): string {
  return new Date(at).toISOString().slice(11, 23);
}

export function mount(box: HTMLElement): void {
  const tools = box.closest<HTMLElement>("[data-log-frame]") ?? document;
  void new LogView(box, tools).run();
}
