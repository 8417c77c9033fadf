/** Where the reader looks: pan by dragging or wheel, zoom by pinch, Ctrl-wheel, + and −, 0 shows all. */

export interface View {
  x: number;
  y: number;
  k: number;
}

const LEAST = 0.04;
const MOST = 2.5;

export function zoomed(view: View, by: number, px: number, py: number): View {
  const k = Math.max(LEAST, Math.min(MOST, view.k * by));
  const ratio = k / view.k;
  return { k, x: px - (px - view.x) * ratio, y: py - (py - view.y) * ratio };
}

export function fitted(width: number, height: number, w: number, h: number): View {
  const k = Math.max(LEAST, Math.min(1.15, (w - 32) / Math.max(1, width), (h - 32) / Math.max(1, height)));
  return { k, x: (w - width * k) / 2, y: (h - height * k) / 2 };
}

export class Camera {
  view: View = { x: 0, y: 0, k: 1 };
  private pointers = new Map<number, PointerEvent>();
  private moved = 0;

  constructor(
    private canvas: SVGSVGElement,
    private show: (view: View) => void,
  ) {
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) {
      canvas.addEventListener(end, (event) => this.up(event));
    }
    canvas.addEventListener("click", (event) => this.moved > 4 && event.preventDefault(), { capture: true });
  }

  set(view: View): void {
    this.view = view;
    this.show(view);
  }

  zoom(by: number): void {
    this.set(zoomed(this.view, by, this.canvas.clientWidth / 2, this.canvas.clientHeight / 2));
  }

  /** Brings a rectangle of the drawing into sight without changing the zoom. */
  reveal(x: number, y: number, width: number, height: number): void {
    const { view, canvas } = this;
    const [left, top] = [x * view.k + view.x, y * view.k + view.y];
    const dx = shift(left, width * view.k, canvas.clientWidth);
    const dy = shift(top, height * view.k, canvas.clientHeight);
    if (dx || dy) this.set({ ...view, x: view.x + dx, y: view.y + dy });
  }

  private wheel(event: WheelEvent): void {
    const panned = !event.ctrlKey && !event.metaKey;
    if (panned && document.activeElement !== this.canvas && !this.canvas.contains(document.activeElement)) return;
    event.preventDefault();
    if (panned) return this.set({ ...this.view, x: this.view.x - event.deltaX, y: this.view.y - event.deltaY });
    const at = this.canvas.getBoundingClientRect();
    this.set(zoomed(this.view, Math.exp(-event.deltaY / 300), event.clientX - at.left, event.clientY - at.top));
  }

  private down(event: PointerEvent): void {
    this.pointers.set(event.pointerId, event);
    this.moved = 0;
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    this.moved += Math.abs(dx) + Math.abs(dy);
    if (this.moved > 4) this.canvas.classList.add("moving");
    if (this.pointers.size === 2) this.pinch(event);
    else this.set({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
    this.pointers.set(event.pointerId, event);
  }

  private pinch(event: PointerEvent): void {
    const other = [...this.pointers.values()].find((p) => p.pointerId !== event.pointerId);
    const before = this.pointers.get(event.pointerId);
    if (!other || !before) return;
    const apart = (p: PointerEvent): number => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
    const at = this.canvas.getBoundingClientRect();
    const middle = { x: (event.clientX + other.clientX) / 2 - at.left, y: (event.clientY + other.clientY) / 2 - at.top };
    this.set(zoomed(this.view, apart(event) / Math.max(1, apart(before)), middle.x, middle.y));
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.canvas.classList.remove("moving");
  }
}

function shift(at: number, size: number, room: number): number {
  const margin = 16;
  if (at < margin) return margin - at;
  if (at + size > room - margin) return room - margin - at - size;
  return 0;
}
