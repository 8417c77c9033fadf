/** Reads the log of an attempt from the server, part by part, and goes on while it is written. */

import { read, type Raw } from "./lines";

const EVERY = 700;

export interface Part {
  lines: Raw[];
  /** Nothing more will come. */
  isDone: boolean;
  /** There is more already. */
  hasMore: boolean;
}

export class Reading {
  private cursor = "";
  private failures = 0;

  constructor(
    private box: HTMLElement,
    private take: (part: Part) => void,
  ) {}

  /** While a part is taken up, the next one is under way. */
  async run(): Promise<void> {
    let asked = this.ask();
    for (;;) {
      const part = await asked;
      if (part?.hasMore) asked = this.ask();
      if (part) this.take(part);
      if (part?.isDone || !this.box.isConnected) break;
      if (part?.hasMore) continue;
      await new Promise((resume) => setTimeout(resume, EVERY * (1 + this.failures * 3)));
      asked = this.ask();
    }
  }

  private async ask(): Promise<Part | null> {
    if (document.hidden) return null;
    try {
      const url = new URL(this.box.dataset["log"] ?? "", location.href);
      if (this.cursor) url.searchParams.set("after", this.cursor);
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      this.cursor = answer.headers.get("X-Log-Next") ?? this.cursor;
      this.failures = 0;
      const lines = text.split("\n").filter(Boolean).map(read);
      const says = (name: string): boolean => answer.headers.get(name) === "true";
      return { lines, isDone: says("X-Log-Done"), hasMore: says("X-Log-More") };
    } catch {
      this.failures = Math.min(10, this.failures + 1);
      return null;
    }
  }
}
