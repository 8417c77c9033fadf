/** Words in a log, found a slice at a time: a million lines do not hold up the page. */

import { plain, type Lines } from "./lines";
import type { Picks } from "./picks";
import { number, spoken } from "../said";

const SLICE = 40_000;

export class Search {
  /** Numbers of lines, ascending. */
  found: number[] = [];
  words = "";
  /** Which of them the reader is at. */
  here = 0;
  private next = 0;
  private turn = 0;

  constructor(
    private all: Lines,
    private picks: Picks,
    private told: (isFirst: boolean) => void,
  ) {}

  get isDone(): boolean {
    return this.next >= this.all.count;
  }

  for(words: string): void {
    this.words = words;
    this.again();
  }

  /** Searches anew, as other lines are shown. */
  again(): void {
    this.found = [];
    this.here = 0;
    this.next = this.words ? 0 : this.all.count;
    this.turn += 1;
    this.go();
  }

  /** Looks through what has not been looked through; what comes later is added to what was found. */
  go(): void {
    const turn = this.turn;
    if (!this.words) {
      this.next = this.all.count;
      return this.told(false);
    }
    const before = this.found.length;
    const [small, end] = [this.words.toLowerCase(), Math.min(this.all.count, this.next + SLICE)];
    for (; this.next < end; this.next += 1) {
      if (!this.all.isWanted(this.next, this.picks.wish)) continue;
      if (plain(this.all.shown(this.next)).toLowerCase().includes(small)) this.found.push(this.next);
    }
    this.told(before === 0 && this.found.length > 0);
    if (!this.isDone) setTimeout(() => turn === this.turn && this.go());
  }

  has(n: number): boolean {
    let [low, high] = [0, this.found.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.found[middle] ?? 0) < n) low = middle + 1;
      else high = middle;
    }
    return this.found[low] === n;
  }

  step(by: number): number | undefined {
    if (this.found.length === 0) return undefined;
    this.here = (this.here + by + this.found.length) % this.found.length;
    return this.found[this.here];
  }

  /** How many there are, for the reader. */
  get count(): string {
    if (!this.words) return "";
    if (this.found.length === 0) return this.isDone ? spoken("no match") : "…";
    return `${spoken("%(shown)s of %(total)s", { shown: this.here + 1, total: number(this.found.length) })}${this.isDone ? "" : "…"}`;
  }
}
