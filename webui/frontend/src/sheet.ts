/**
 * Dialogs. A link with `data-sheet` leads to a page of its own that works without this script; here its content opens
 * in a native dialog. A form in it with `data-preview` asks for its preview anew whenever a choice changes.
 */

import { closest, html } from "./dom";
import { fragment } from "./fetching";
import { morph } from "./live";

function dialog(): HTMLDialogElement {
  const found = document.querySelector<HTMLDialogElement>("dialog#sheet");
  if (found) return found;
  const made = html("dialog", { id: "sheet", "aria-labelledby": "sheet-title" });
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  return made;
}

export async function openSheet(url: string): Promise<void> {
  const box = dialog();
  box.replaceChildren(html("div", { class: "sheet" }, html("div", { class: "skeleton" })));
  // What it will hold decides how large it is: seen before, it would grow under the reader.
  box.classList.toggle("waits", !box.open);
  if (!box.open) box.showModal();
  box.dataset["url"] = url;
  const text = await fragment(url).finally(() => box.classList.remove("waits"));
  if (box.dataset["url"] !== url) return;
  morph(box, text);
  const first = box.querySelector<HTMLElement>("[autofocus], .input, input:checked, .btn.primary");
  first?.focus();
  box.dispatchEvent(new CustomEvent("dirigent:sheet", { bubbles: true }));
}

function query(form: HTMLFormElement): string {
  const pairs = [...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string");
  return new URLSearchParams(pairs as [string, string][]).toString();
}

/** An address has room for so much: what is longer is sent without a preview of its own. */
const LONGEST = 6000;

async function preview(form: HTMLFormElement): Promise<void> {
  const region = form.querySelector("[data-preview-of]");
  const url = `${form.dataset["preview"]}?${query(form)}`;
  if (url.length > LONGEST) return;
  form.dataset["asked"] = url;
  const text = await fragment(url);
  if (form.dataset["asked"] !== url || !region) return;
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-preview-of]");
  if (fresh) morph(region, fresh.innerHTML);
}

function clicked(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const close = closest(event, "[data-close]");
  if (close?.closest("dialog")) {
    event.preventDefault();
    close.closest("dialog")?.close();
    return;
  }
  const link = closest(event, "a[data-sheet]");
  if (!(link instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  link.closest("details")?.removeAttribute("open");
  void openSheet(link.href);
}

function changed(event: Event): void {
  const form = closest(event, "form[data-preview]");
  if (form instanceof HTMLFormElement) void preview(form);
}

/** A second click on a button that is at work does nothing. */
function sent(event: SubmitEvent): void {
  if (!(event.target instanceof HTMLFormElement) || event.target.method === "get") return;
  if (event.target.dataset["sent"]) return event.preventDefault();
  event.target.dataset["sent"] = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
}

export function startSheets(): void {
  document.addEventListener("click", clicked);
  document.addEventListener("change", changed);
  document.addEventListener("submit", sent);
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => f.removeAttribute("data-sent")));
}
