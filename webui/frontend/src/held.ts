/**
 * Lists that grow at the top (`data-holds`) keep what the reader looks at where it is: new rows wait behind a
 * line that counts them until it is pressed. Which rows are new is read off the page: those above the first that
 * stands in it already.
 */

import { closest, html } from "./dom";
import { spoken } from "./said";

function rows(root: ParentNode): HTMLTableRowElement[] {
  return [...root.querySelectorAll<HTMLTableRowElement>("[data-holds] > tbody > tr[id]")];
}

/** How many rows at the head of the new list are not among the shown; none when the list shares nothing with them. */
export function countNew(next: string[], shown: ReadonlySet<string>): number {
  return Math.max(0, next.findIndex((id) => shown.has(id)));
}

/** Hides the new rows of a list that is about to replace the one in `region`, and says how many there are. */
export function hold(region: Element, text: string): string {
  const shown = new Set(rows(region).filter((row) => !row.hidden).map((row) => row.id));
  if (shown.size === 0) return text;
  const next = document.createElement("template");
  next.innerHTML = text;
  const all = rows(next.content);
  const count = countNew(all.map((row) => row.id), shown);
  if (count === 0) return text;
  for (const row of all.slice(0, count)) row.hidden = true;
  all[0]?.before(line(count, all[0].cells.length));
  return next.innerHTML;
}

function line(count: number, columns: number): HTMLElement {
  const button = html("button", { class: "btn small quiet", type: "button", "data-show-held": true }, spoken("%(count)s new", { count }));
  return html("tr", { class: "new-line" }, html("td", { colspan: columns }, button));
}

function show(event: Event): void {
  const body = closest(event, "[data-show-held]")?.closest("tbody");
  if (!body) return;
  body.querySelector(".new-line")?.remove();
  for (const row of body.querySelectorAll<HTMLElement>("tr[id]")) row.hidden = false;
}

export function startHolding(): void {
  document.addEventListener("click", show);
}
