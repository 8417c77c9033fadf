/** Lists from which many are chosen: a bar counts them and opens what is to be done with them as a sheet. */

import { closest } from "./dom";
import { openSheet } from "./sheet";

function boxes(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>('input[type="checkbox"][form="picks"]')].filter((box) => !box.closest("[hidden]"));
}

/** Shows how many are chosen, and the bar only then. */
export function countPicks(): void {
  const form = document.querySelector<HTMLElement>("form[data-picks]");
  if (!form) return;
  const all = boxes();
  const count = all.filter((box) => box.checked).length;
  form.classList.toggle("some", count > 0);
  const note = form.querySelector("[data-picked]");
  if (note) note.textContent = String(count);
  const every = document.querySelector<HTMLInputElement>("[data-pick-all]");
  if (!every) return;
  every.checked = count > 0 && count === all.length;
  every.indeterminate = count > 0 && count < all.length;
}

function changed(event: Event): void {
  const every = closest(event, "[data-pick-all]");
  if (every instanceof HTMLInputElement) for (const box of boxes()) box.checked = every.checked;
  else if (!closest(event, 'input[form="picks"]')) return;
  countPicks();
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-picks]")) return;
  event.preventDefault();
  const button = event.submitter instanceof HTMLButtonElement ? event.submitter : null;
  const pairs = [...new FormData(form, button)] as [string, string][];
  const address = `${button?.formAction ?? form.action}?${new URLSearchParams(pairs)}`;
  if (button?.hasAttribute("data-page")) location.assign(address);
  else void openSheet(address);
}

function boxOf(row: Element | null | undefined): HTMLInputElement | null {
  return row?.querySelector<HTMLInputElement>('input[form="picks"]') ?? null;
}

/** `x` chooses the row that has the focus; arrows with Shift choose the rows that they pass. */
function pressed(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || document.activeElement?.matches("input")) return;
  const row = document.activeElement?.closest("tr, li");
  const box = boxOf(row);
  const way = event.shiftKey ? { ArrowDown: row?.previousElementSibling, ArrowUp: row?.nextElementSibling }[event.key] : undefined;
  if (!box || (event.key !== "x" && !way)) return;
  box.checked = event.key === "x" ? !box.checked : true;
  const left = boxOf(way); // the focus has moved on already
  if (left) left.checked = true;
  countPicks();
}

let last: HTMLInputElement | undefined;

/** A box that is pressed with Shift takes along all between it and the one pressed before. */
function clicked(event: MouseEvent): void {
  const box = closest(event, 'input[type="checkbox"][form="picks"]');
  if (!(box instanceof HTMLInputElement)) return;
  const all = boxes();
  const [from, to] = [last ? all.indexOf(last) : -1, all.indexOf(box)];
  if (event.shiftKey && from >= 0) for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = box.checked;
  last = box;
  countPicks();
}

export function startPicks(): void {
  document.addEventListener("change", changed);
  document.addEventListener("click", clicked);
  document.addEventListener("submit", submitted);
  document.addEventListener("keydown", pressed);
  document.addEventListener("dirigent:fresh", countPicks);
  countPicks();
}
