/** Switches (pause) act at once and stay where the server says they are; theme, times and language are the reader's own. */

import { closest, toast } from "./dom";
import { post, write } from "./fetching";
import { refresh } from "./live";
import { spoken } from "./said";

async function flip(form: HTMLFormElement, button: HTMLElement): Promise<void> {
  const was = button.getAttribute("aria-checked") === "true";
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-checked", String(!was));
  const answer = await write(form).catch(() => undefined);
  button.removeAttribute("aria-busy");
  if (!answer || (answer.type !== "opaqueredirect" && !answer.ok)) {
    button.setAttribute("aria-checked", String(was));
    toast(spoken("That did not work: the server did not take it."));
    return;
  }
  const [next] = form.querySelectorAll<HTMLInputElement>('input[value="true"], input[value="false"]');
  if (next) next.value = next.value === "true" ? "false" : "true";
  refresh();
}

function submitted(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-switch]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = form.querySelector<HTMLElement>("[role=switch]");
  if (button && !button.hasAttribute("aria-busy")) void flip(form, button);
}

/** An account keeps it for all its browsers; whoever has none keeps it in this one. */
async function tell(name: string, value: string): Promise<void> {
  await post("/account/looks", { name, value }).catch(() => undefined);
}

async function remember(name: string, value: string): Promise<void> {
  document.cookie = `dirigent_${name}=${value}; path=/; max-age=31536000; samesite=lax`;
  const told = tell(name, value);
  // What is on the page is said anew by the server: a link asks for it itself.
  if (name === "list") return;
  if (name === "language" || name === "zone") return told.then(() => location.reload());
  document.documentElement.dataset[name] = value;
  show(name, value);
}

function show(name: string, value: string): void {
  for (const each of document.querySelectorAll<HTMLElement>(`[data-set="${name}"]`)) {
    each.setAttribute("aria-pressed", String(each.dataset["value"] === value));
  }
}

function chosen(event: Event): void {
  const button = closest(event, "[data-set]");
  if (!button) return;
  void remember(button.dataset["set"] ?? "", button.dataset["value"] ?? "");
  document.dispatchEvent(new CustomEvent("dirigent:look"));
}

/** The server says times too: it is told where the reader is. */
function tellZone(): void {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.cookie = `dirigent_here=${here}; path=/; max-age=31536000; samesite=lax`;
}

export function startSwitches(): void {
  tellZone();
  document.addEventListener("submit", submitted, { capture: true });
  document.addEventListener("click", chosen);
  if (matchMedia("(prefers-contrast: more)").matches) document.documentElement.dataset["contrast"] = "high";
  for (const name of ["theme", "times", "contrast", "density", "zone", "language"]) show(name, document.documentElement.dataset[name] ?? "");
}
