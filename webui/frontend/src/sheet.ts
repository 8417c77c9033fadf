/**
 * Dialogs. A link with `data-sheet` leads to a page of its own that works without this script; here its content opens
 * in a native dialog. A form in it with `data-preview` asks for its preview anew whenever a choice changes: by an address,
 * which logs on the way may keep, so of JSON with `data-preview-keys` only its names go into it.
 */

import { closest, html, toast } from "./dom";
import { fragment } from "./fetching";
import { morph } from "./live";
import { spoken } from "./said";

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
  const text = await fragment(url).catch(() => undefined);
  box.classList.remove("waits");
  if (box.dataset["url"] !== url) return;
  if (text === undefined) {
    box.close();
    return toast(spoken("The server does not answer. Try it again in a moment."));
  }
  morph(box, text);
  const first = box.querySelector<HTMLElement>("[autofocus], .input, input:checked, .btn.primary");
  first?.focus();
  box.dispatchEvent(new CustomEvent("dirigent:sheet", { bubbles: true }));
}

/** What a value hands on by name, each name with nothing. */
function namesIn(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    const isNamed = typeof value === "object" && value !== null && !Array.isArray(value);
    return JSON.stringify(isNamed ? Object.fromEntries(Object.keys(value).map((name) => [name, null])) : null);
  } catch {
    return "null";
  }
}

/** What a preview is asked by. */
export function query(form: HTMLFormElement): string {
  const data = new FormData(form);
  data.delete("csrf_token");
  form.querySelectorAll<HTMLTextAreaElement>("[data-preview-keys]").forEach((area) => data.set(area.name, namesIn(area.value)));
  const pairs = [...data].filter(([, value]) => typeof value === "string");
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
