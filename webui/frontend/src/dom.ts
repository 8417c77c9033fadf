/** Small words over the DOM, so that the views read as what they draw. */

import { calm } from "./direction";

type Attributes = Record<string, string | number | boolean | undefined>;

const SVG = "http://www.w3.org/2000/svg";

const READ = new Set(["title", "aria-label", "alt", "placeholder"]);

function fill<T extends Element>(node: T, attributes: Attributes, children: (Node | string)[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    const text = value === true ? "" : String(value);
    node.setAttribute(name, READ.has(name) ? calm(text) : text);
  }
  node.append(...children.map((each) => (typeof each === "string" ? calm(each) : each)));
  return node;
}

export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** The shape of a state (or another symbol of the page's sprite). */
export function icon(name: string): SVGSVGElement {
  return svg("svg", { class: "i", "aria-hidden": "true" }, svg("use", { href: `#s-${name}` }));
}

export function closest(event: Event, selector: string): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
}

export function isTyping(event: Event): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Whether a form is on its way: the page that answers it comes next, and its answer may bring another session. */
export function isSending(): boolean {
  return document.querySelector("form[data-sent]") !== null;
}

/** What the server says of something just done goes as it came; without a script it stays on the page. */
export function startSaying(): void {
  const said = [...document.querySelectorAll<HTMLElement>("[data-said]")];
  if (said.length > 0) toast(said.map((each) => each.textContent ?? "").join(" "));
  for (const each of said) each.remove();
}

/** Tells the reader something for a moment, also to those who listen. */
export function toast(text: string): void {
  document.querySelector(".toast")?.remove();
  const box = html("div", { class: "toast", role: "status" }, text);
  document.body.append(box);
  setTimeout(() => box.remove(), 3500);
}
