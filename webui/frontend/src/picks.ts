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

/** `x` chooses the row that has the focus. */
function pressed(event: KeyboardEvent): void {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = document.activeElement?.closest("tr")?.querySelector<HTMLInputElement>('input[form="picks"]');
  if (!box || document.activeElement?.matches("input")) return;
  box.checked = !box.checked;
  countPicks();
}

export function startPicks(): void {
  document.addEventListener("change", changed);
  document.addEventListener("submit", submitted);
  document.addEventListener("keydown", pressed);
  document.addEventListener("dirigent:fresh", countPicks);
  countPicks();
}
