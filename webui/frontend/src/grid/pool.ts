/** Nodes that are drawn, each at a slot of its kind: what scrolls out of sight stands where it is needed next. */

export interface Slot<N extends HTMLElement = HTMLElement> {
  node: N;
  /** What it was drawn for last, and what it shows. */
  row: number;
  column: number;
  mark: number;
  told: string;
  pass: number;
}

export class Pool<N extends HTMLElement = HTMLElement> {
  private slots = new Map<number, Slot<N>>();
  private pass = 0;

  /** The slot of that number, which is drawn in this pass. */
  at(number: number, make: () => N): Slot<N> {
    let slot = this.slots.get(number);
    if (!slot) {
      slot = { node: make(), row: -1, column: -1, mark: -1, told: "", pass: 0 };
      this.slots.set(number, slot);
    }
    slot.pass = this.pass;
    return slot;
  }

  /** Takes away what was not drawn since the last time. */
  sweep(): void {
    for (const [number, slot] of this.slots) {
      if (slot.pass !== this.pass) this.drop(number, slot);
    }
    this.pass += 1;
  }

  clear(): void {
    for (const [number, slot] of this.slots) this.drop(number, slot);
  }

  private drop(number: number, slot: Slot<N>): void {
    slot.node.remove();
    this.slots.delete(number);
  }
}

/** Whether a slot is to be looked at again: it stands elsewhere, or something of the grid is another. */
export function isMoved(slot: Slot, row: number, column: number, mark: number): boolean {
  if (slot.row === row && slot.column === column && slot.mark === mark) return false;
  [slot.row, slot.column, slot.mark] = [row, column, mark];
  return true;
}

/** Whether a node is to be written anew: it shows something else than what it was told last. */
export function isNew(slot: Slot, text: string): boolean {
  if (slot.told === text) return false;
  slot.told = text;
  return true;
}
