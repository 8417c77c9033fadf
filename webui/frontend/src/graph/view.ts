/** The graph in the page: ELK places it, SVG draws it in the page's own colours, states change in place. */

import { saidAll, sayAll } from "../address";
import { calm } from "../direction";
import { html, icon, svg } from "../dom";
import { poll } from "../poll";
import { words } from "../states";
import { Camera, fitted } from "./camera";
import { layout } from "./layout";
import { drawing, elkGraph, groupState, neighbour, LABEL_HEIGHT, type Box, type Drawing, type Graph, type Label, type TaskState } from "./model";
import { spoken } from "../said";

const MANY = 400;
const FAR = 0.45;
const NARROW = 600;

class View {
  private graph: Graph = { nodes: [], edges: [] };
  private states: Record<string, TaskState> = {};
  private folded = new Set<string>();
  private drawn: Drawing = { width: 0, height: 0, boxes: [], edges: [], labels: [] };
  private nodes = new Map<string, SVGGElement>();
  private scene = svg("g");
  private canvas = svg("svg", { class: "canvas", tabindex: 0, role: "group", "aria-label": spoken("Task graph") });
  private wait = html("div", { class: "graph-wait" }, spoken("Laying out…"));
  private camera: Camera;
  private touched = false;
  /** Of a node that somebody opened before its address was known. */
  private wanted = "";

  constructor(private box: HTMLElement) {
    this.canvas.append(this.scene);
    this.camera = new Camera(this.canvas, (view) => {
      this.scene.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.k})`);
      this.scene.classList.toggle("far", view.k < FAR);
    });
    box.replaceChildren(this.canvas, this.wait, this.tools());
    this.canvas.addEventListener("keydown", (event) => this.pressed(event));
    this.canvas.addEventListener("click", (event) => this.clicked(event));
    this.canvas.addEventListener("pointerdown", () => (this.touched = true));
    new ResizeObserver(() => this.touched || this.fit()).observe(box);
  }

  async take(graph: Graph): Promise<void> {
    this.graph = graph;
    this.folded = new Set(saidAll("folded") ?? this.usual());
    await this.lay();
    this.fit();
  }

  /** The groups that are folded until somebody says otherwise: of many tasks all. */
  private usual(): string[] {
    return this.graph.nodes.length > MANY ? this.graph.nodes.filter((n) => n.is_group).map((n) => n.id) : [];
  }

  colour(states: Record<string, TaskState>): void {
    this.states = states;
    for (const each of this.drawn.boxes) this.paint(each);
    if (this.wanted) this.open(this.wanted);
  }

  private async lay(): Promise<void> {
    this.wait.hidden = false;
    const direction = this.box.clientWidth < NARROW ? "DOWN" : "RIGHT";
    const laid = await layout(elkGraph(this.graph, this.folded, direction));
    this.drawn = drawing(laid, this.graph, this.folded, direction);
    this.nodes.clear();
    const groups = this.drawn.boxes.filter((b) => b.is_group && !b.is_folded).map((b) => this.group(b));
    const edges = svg("path", { class: "edge", d: this.drawn.edges.join("") });
    const tasks = this.drawn.boxes.filter((b) => !b.is_group || b.is_folded).map((b) => this.node(b));
    this.scene.replaceChildren(...groups, edges, ...this.drawn.labels.map(label), ...tasks);
    this.colour(this.states);
    this.wait.hidden = true;
    this.box.removeAttribute("aria-busy");
  }

  private group(box: Box): SVGGElement {
    return svg(
      "g",
      { class: "group node", "data-id": box.id, transform: `translate(${box.x} ${box.y})` },
      svg("rect", { class: "box", width: box.width, height: box.height, rx: 10 }),
      svg("text", { class: "name", x: 12, y: 19 }, `▾ ${box.label}`),
    );
  }

  private node(box: Box): SVGGElement {
    const shape = icon("none");
    for (const [name, value] of Object.entries({ class: "shape", x: 10, y: 10, width: 12, height: 12 })) shape.setAttribute(name, String(value));
    const made = svg(
      "g",
      { class: `node${box.is_group ? " folded" : ""}`, tabindex: -1, role: "link", "data-id": box.id, transform: `translate(${box.x} ${box.y})` },
      svg("rect", { class: "box", width: box.width, height: box.height, rx: 8 }),
      shape,
      svg("text", { class: "name", x: 28, y: 20 }, short(`${box.is_folded ? "▸ " : ""}${box.label}`)),
      svg("text", { class: "more", x: 28, y: 35 }, box.more),
      svg("title"),
    );
    this.nodes.set(box.id, made);
    return made;
  }

  private paint(box: Box): void {
    const node = this.nodes.get(box.id);
    if (!node) return;
    const its = this.states[box.id];
    const state = box.is_folded ? groupState(box.id, this.graph, this.states) : (its?.state ?? "none");
    const more = its?.more || box.more;
    const text = `${box.id}: ${words(state)}${more ? `, ${more}` : ""}`;
    if (node.dataset["state"] === state && node.dataset["said"] === text) return;
    node.dataset["state"] = state;
    node.dataset["said"] = text;
    node.querySelector("use")?.setAttribute("href", `#s-${state}`);
    put(node, "text.more", more);
    put(node, "title", text);
  }

  private fit(): void {
    this.camera.set(fitted(this.drawn.width, this.drawn.height, this.box.clientWidth, this.box.clientHeight));
  }

  private tools(): HTMLElement {
    const button = (label: string, text: string, does: () => void): HTMLElement => {
      const made = html("button", { class: "btn small", type: "button", "aria-label": label, title: label }, text);
      made.addEventListener("click", () => {
        this.touched = true;
        does();
      });
      return made;
    };
    return html(
      "div",
      { class: "graph-tools" },
      button(spoken("Zoom out (−)"), "−", () => this.camera.zoom(0.8)),
      button(spoken("Zoom in (+)"), "+", () => this.camera.zoom(1.25)),
      button(spoken("Fit: show all (0)"), spoken("Fit"), () => this.fit()),
    );
  }

  private pressed(event: KeyboardEvent): void {
    const zoom = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
    const here = this.current();
    if (zoom) this.camera.zoom(zoom);
    else if (event.key === "0") this.fit();
    else if (event.key.startsWith("Arrow")) this.walk(here, event.key);
    else if (event.key === "Enter" && here) this.open(here.id);
    else return;
    event.preventDefault();
  }

  private leaves(): Box[] {
    return this.drawn.boxes.filter((b) => !b.is_group || b.is_folded);
  }

  private current(): Box | undefined {
    const id = document.activeElement?.getAttribute("data-id");
    return this.leaves().find((b) => b.id === id);
  }

  private walk(from: Box | undefined, key: string): void {
    const next = from ? neighbour(this.leaves(), from, key) : firstOf(this.leaves());
    if (!next) return;
    this.nodes.get(next.id)?.focus({ preventScroll: true });
    this.camera.reveal(next.x, next.y, next.width, next.height);
  }

  private clicked(event: MouseEvent): void {
    const node = event.target instanceof Element ? event.target.closest("[data-id]") : null;
    if (node && !event.defaultPrevented) this.open(node.getAttribute("data-id") ?? "");
  }

  private open(id: string): void {
    const group = this.graph.nodes.find((n) => n.id === id)?.is_group;
    if (!group) {
      const href = this.states[id]?.href;
      this.wanted = href ? "" : id;
      if (href) location.assign(href);
      return;
    }
    if (!this.folded.delete(id)) this.folded.add(id);
    const usual = this.usual();
    const isUsual = usual.length === this.folded.size && usual.every((each) => this.folded.has(each));
    sayAll("folded", isUsual ? undefined : this.folded);
    void this.lay();
  }
}

/** Words on an arrow, on a ground of their own so that the line does not run through them. */
function label(its: Label): SVGGElement {
  return svg(
    "g",
    { class: "edge-label", transform: `translate(${its.x} ${its.y})` },
    svg("rect", { width: its.width, height: LABEL_HEIGHT, rx: 4 }),
    svg("text", { x: its.width / 2, y: LABEL_HEIGHT - 4 }, its.text),
  );
}

/** Where reading begins: the box nearest to the upper left corner. */
function firstOf(boxes: Box[]): Box | undefined {
  return [...boxes].sort((a, b) => a.x + a.y - b.x - b.y)[0];
}

function put(node: Element, selector: string, said: string): void {
  const [part, text] = [node.querySelector(selector), calm(said)];
  if (part && part.textContent !== text) part.textContent = text;
}

function short(label: string): string {
  return label.length > 30 ? `${label.slice(0, 29)}…` : label;
}

export async function mount(box: HTMLElement): Promise<void> {
  const view = new View(box);
  const answer = await fetch(box.dataset["graph"] ?? "");
  if (!answer.ok) return box.replaceChildren(html("div", { class: "empty" }, spoken("The graph could not be read. Reload the page.")));
  await view.take((await answer.json()) as Graph);
  const states = box.dataset["states"];
  if (states) poll(() => box.dataset["states"] ?? states, (a) => view.colour((JSON.parse(a.text) as { tasks: Record<string, TaskState> }).tasks));
}
