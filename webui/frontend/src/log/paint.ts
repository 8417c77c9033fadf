/** A line of a log as elements: escaped first, then its colours as classes and its addresses as links. */

import { AnsiUp } from "ansi_up";
import { calm } from "../direction";
import { html } from "../dom";

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f]+/g;
const TRAILING = ".,;:!?)]}";

export function coloured(text: string): string {
  const painter = new AnsiUp();
  painter.use_classes = true;
  painter.url_allowlist = {};
  return painter.ansi_to_html(text);
}

/** An address without what ends a sentence or a bracket; an expression would look at a row of these from each of them. */
function bare(text: string): string {
  let end = text.length;
  while (TRAILING.includes(text.charAt(end - 1)) && end > 0) end--;
  return text.slice(0, end);
}

/** Addresses in a text, with where they begin; only of the web, and such as a browser can read. */
export function addresses(text: string): [number, string][] {
  if (!text.includes("://")) return [];
  const found: [number, string][] = [];
  for (const match of text.matchAll(ADDRESS)) {
    const address = bare(match[0]);
    if (URL.canParse(address)) found.push([match.index, address]);
  }
  return found;
}

function link(node: Text): void {
  const text = node.data;
  const found = addresses(text);
  if (found.length === 0) {
    node.data = calm(text);
    return;
  }
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const [start, address] of found) {
    const more = { href: address, rel: "noopener noreferrer nofollow", target: "_blank", class: "link" };
    parts.push(calm(text.slice(at, start)), html("a", more, address));
    at = start + address.length;
  }
  node.replaceWith(...parts, calm(text.slice(at)));
}

export function painted(text: string): HTMLElement {
  const box = html("span", { class: "x" });
  box.innerHTML = coloured(text);
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  while (walker.nextNode()) nodes.push(walker.currentNode as Text);
  nodes.forEach(link);
  return box;
}
