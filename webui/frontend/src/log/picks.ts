/** Which lines of a log are shown: those that are wanted, without what folded groups hide. */

import type { Group, Lines, Wish } from "./lines";

export class Picks {
  /** Numbers of lines, ascending. */
  lines: number[] = [];
  wish: Wish = { level: "", source: "" };
  private folded = new Set<Group>();
  private next = 0;

  constructor(private all: Lines) {}

  /** Whether only some lines are wanted; groups fold then no more, so that none of these is hidden. */
  get isNarrow(): boolean {
    return this.wish.level !== "" || this.wish.source !== "";
  }

  isFolded(group: Group): boolean {
    return this.folded.has(group);
  }

  /** Takes up the lines that were added. */
  grow(): void {
    while (this.next < this.all.count) {
      const group = this.isNarrow ? undefined : this.all.groupAt(this.next);
      if (this.all.isWanted(this.next, this.wish)) this.lines.push(this.next);
      this.next = group && this.folded.has(group) ? Math.min(group.end, this.all.count) : this.next + 1;
    }
  }

  again(): void {
    this.lines = [];
    this.next = 0;
    this.grow();
  }

  want(wish: Wish): void {
    this.wish = wish;
    this.again();
  }

  fold(group: Group, on: boolean): void {
    if (on) this.folded.add(group);
    else this.folded.delete(group);
    this.again();
  }

  /** Folds all groups that have ended and in which nothing is wrong. */
  foldQuiet(): void {
    for (const group of this.all.groups) if (!group.isLoud && group.end !== Infinity) this.folded.add(group);
    this.again();
  }

  /** Opens every group that hides a line. */
  reveal(n: number): void {
    const hiding = [...this.folded].filter((group) => group.first < n && n < group.end);
    if (hiding.length === 0) return;
    for (const group of hiding) this.folded.delete(group);
    this.again();
  }

  /** Where a line stands among those that are shown; of one that is not shown, where it would. */
  place(n: number): number {
    let [low, high] = [0, this.lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lines[middle] ?? 0) < n) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
