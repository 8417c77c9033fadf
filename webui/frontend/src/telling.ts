/**
 * A button with `data-tell` asks the server with what its form holds, and shows the answer in the form's `data-told`:
 * nothing is sent off, and what was typed stays. Without this script the answer is the form anew.
 */

import { html, toast } from "./dom";
import { write } from "./fetching";
import { spoken } from "./said";

async function tell(form: HTMLFormElement, button: HTMLButtonElement, region: Element): Promise<void> {
  button.setAttribute("aria-busy", "true");
  region.replaceChildren(html("p", { class: "sub" }, button.dataset["tell"] ?? ""));
  const answer = await write(form, button.formAction).catch(() => undefined);
  button.removeAttribute("aria-busy");
  const fresh = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
  const told = fresh?.querySelector("[data-told]");
  region.replaceChildren(...(told?.childNodes ?? []));
  if (!told) toast(spoken("That did not work: the server did not take it."));
  region.scrollIntoView({ block: "center" });
}

function submitted(event: SubmitEvent): void {
  const button = event.submitter;
  const region = button?.closest("form")?.querySelector("[data-told]");
  if (!(button instanceof HTMLButtonElement) || !button.form || !region || button.dataset["tell"] === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!button.hasAttribute("aria-busy")) void tell(button.form, button, region);
}

export function startTelling(): void {
  document.addEventListener("submit", submitted, { capture: true });
}
