/** Lists: filter by typing (`/`), arrows move between rows, Enter opens, and a letter does the main action. */

import { closest, html, isTyping } from "./dom";
import { fragment } from "./fetching";
import { morph, refresh } from "./live";

const WAIT = 120;
let timer: ReturnType<typeof setTimeout> | undefined;

function address(form: HTMLFormElement): string {
  const pairs = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(pairs as [string, string][]).toString();
  return form.action.split("?")[0] + (query ? `?${query}` : "");
}

async function narrow(form: HTMLFormElement): Promise<void> {
  const url = address(form);
  const region = document.querySelector<HTMLElement>(form.dataset["filter"] ?? "");
  if (!region) return;
  history.replaceState(null, "", url);
  region.dataset["live"] = url;
  const text = await fragmentOf(url);
  if (region.dataset["live"] !== url) return;
  morph(region, text);
  refresh(region);
}

async function fragmentOf(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { "X-Fragment": "live" } });
  return answer.ok ? answer.text() : fragment(url);
}

function typed(event: Event): void {
  const form = closest(event, "form[data-filter]");
  if (!(form instanceof HTMLFormElement)) return;
  clearTimeout(timer);
  timer = setTimeout(() => void narrow(form), WAIT);
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("form[data-filter]")) return;
  event.preventDefault();
  void narrow(form);
}

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-rows] :is(tr, li)[data-href]:not([hidden])")];
}

function move(step: number): void {
  const all = rows();
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, here + step))];
  next?.querySelector<HTMLElement>("a")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** A letter is that of the row with the focus; where it has none by that letter, that of the page. */
function act(key: string): boolean {
  const letter = `[data-key="${CSS.escape(key)}"]`;
  const row = document.activeElement?.closest("[data-rows] [data-href]");
  const ofPage = (): HTMLElement | undefined =>
    [...document.querySelectorAll<HTMLElement>(letter)].find((node) => !node.closest("[data-rows] [data-href], [hidden]"));
  const target = row?.querySelector<HTMLElement>(letter) ?? ofPage();
  target?.click();
  return Boolean(target);
}

function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const filter = document.querySelector<HTMLInputElement>("form[data-filter] input[type=search]");
  if (isTyping(event)) {
    if (event.target === filter && event.key === "ArrowDown") return take(event, () => move(1));
    if (filter && event.target === filter && event.key === "Escape") filter.blur();
    return;
  }
  if (document.querySelector("dialog[open]") || closest(event, "[role=grid], .canvas, .log")) return;
  if (event.key === "/" && filter) return take(event, () => filter.select());
  if (event.key === "ArrowDown" || event.key === "j") return rows().length ? take(event, () => move(1)) : undefined;
  if (event.key === "ArrowUp" || event.key === "k") return rows().length ? take(event, () => move(-1)) : undefined;
  if (event.key.length === 1 && act(event.key)) event.preventDefault();
}

function take(event: Event, what: () => void): void {
  event.preventDefault();
  what();
}

/** The whole row opens what its first link opens, except where something in it can be clicked. */
function clicked(event: MouseEvent): void {
  const row = closest(event, "[data-rows] [data-href]");
  if (!row || closest(event, "a, button, form, summary, input") || getSelection()?.toString()) return;
  const link = html("a", { href: row.dataset["href"] ?? "" });
  if (event.ctrlKey || event.metaKey) window.open(link.href);
  else location.assign(link.href);
}

export function startLists(): void {
  document.addEventListener("input", typed);
  document.addEventListener("submit", submitted);
  document.addEventListener("keydown", pressed);
  document.addEventListener("click", clicked);
}
