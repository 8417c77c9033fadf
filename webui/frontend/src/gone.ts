/** Says that what the page shows was deleted while it stood open. What was seen last stays below. */

import { html } from "./dom";
import { spoken } from "./said";

export function sayGone(): void {
  if (document.querySelector("[data-gone]")) return;
  const up = html("a", { class: "btn small", href: above(location.pathname) }, spoken("Go on from here"));
  const text = html("b", {}, spoken("What this page shows is no more: it was deleted, or is not yours to see any longer."));
  const note = html("div", { class: "note bad row", role: "alert", "data-gone": true }, text, up);
  document.querySelector("main > .top")?.after(note);
}

/** The nearest place above an address that a deletion left: of a run its DAG's runs, of a DAG the list. */
export function above(path: string): string {
  const [, dag] = /^(\/dags\/[^/]+)\/runs\/./.exec(path) ?? [];
  if (dag) return `${dag}/runs`;
  return path.startsWith("/dags/") ? "/dags" : "/";
}
