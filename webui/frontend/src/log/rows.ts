/**
 * Where the rows of a log stand: all of one height, or as many times that as their text is wrapped. A browser draws no
 * box higher than some ten million pixels, so of a longer log the bar scrolls faster than the text.
 */

export const TALL = 18;
const HIGHEST = 8_000_000;

export class Rows {
  count = 0;
  /** Tops of the rows, where they are wrapped. */
  private tops: number[] | null = null;

  get total(): number {
    return this.tops ? (this.tops[this.count] ?? 0) : this.count * TALL;
  }

  /** Height of the box that is scrolled. */
  get space(): number {
    return Math.min(this.total, HIGHEST);
  }

  /** Sets how many rows there are; `lengths`: characters of each, of which `width` fit into one line. */
  set(count: number, width = 0, lengths?: (row: number) => number): void {
    if (width <= 0 || !lengths) {
      this.tops = null;
      this.count = count;
      return;
    }
    const tops = this.tops && this.count <= count ? this.tops : [0];
    for (let row = tops.length - 1; row < count; row += 1) {
      tops[row + 1] = (tops[row] ?? 0) + TALL * Math.max(1, Math.ceil(lengths(row) / width));
    }
    this.tops = tops;
    this.count = count;
  }

  forget(): void {
    this.tops = null;
    this.count = 0;
  }

  top(row: number): number {
    return this.tops ? (this.tops[row] ?? 0) : row * TALL;
  }

  /** How far the text is scrolled when the bar is. */
  offset(bar: number, seen: number): number {
    const [room, all] = [this.space - seen, this.total - seen];
    return room <= 0 || this.total <= HIGHEST ? bar : Math.min(all, (bar / room) * all);
  }

  /** The reverse: where the bar stands so that a row is seen. */
  bar(offset: number, seen: number): number {
    const [room, all] = [this.space - seen, this.total - seen];
    return all <= 0 || this.total <= HIGHEST ? Math.max(0, offset) : Math.max(0, (offset / all) * room);
  }

  /** First and one past the last row that are seen, with a margin. */
  window(offset: number, seen: number): [number, number] {
    const margin = 4;
    return [Math.max(0, this.at(offset) - margin), Math.min(this.count, this.at(offset + seen) + 1 + margin)];
  }

  private at(y: number): number {
    if (!this.tops) return Math.floor(y / TALL);
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? Infinity) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
