/**
 * What somebody typed outlives the end of their session, and an answer that never came: it is kept in this tab and
 * offered again to the same person, in the form it was typed into. Passwords, files and what else may be a secret
 * (`data-secret`, JSON with a name that sounds so) are not kept, nor is what was given up or taken.
 */

import { html, isSending } from "./dom";
import { spoken } from "./said";
import { openSheet } from "./sheet";

type Field = { name: string; value: string; checked?: boolean };

export interface Draft {
  asker: string;
  /** Where the form is: its own address, or that of the sheet it stood in. */
  page: string;
  action: string;
  fields: Field[];
  /** Whether it was refused, or never sent: what was sent and answered is done with. */
  isStopped: boolean;
}

const KEY = "dirigent-draft";
const FORMS = 'dialog[open] form[method="post"]:not([data-switch]), main:not(.door) form[method="post"]:not([data-switch])';

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function isTicked(control: Control): control is HTMLInputElement {
  return control.type === "checkbox" || control.type === "radio";
}

/** JSON with a field whose name sounds secret, by the words of `scheduler.logs.mask`. */
const SECRET =
  /"[^"]*(passw|passphrase|pwd|secret|token|api_?key|private_?key|access_?key|authorization|credential|keyfile)[^"]*"\s*:/i;

function controls(form: HTMLFormElement): Control[] {
  return [...form.querySelectorAll<Control>("input[name], textarea[name], select[name]")].filter(
    (control) => !["hidden", "password", "file"].includes(control.type) && !control.hasAttribute("data-secret"),
  );
}

function isChanged(control: Control): boolean {
  if (control instanceof HTMLSelectElement) return [...control.options].some((each) => each.selected !== each.defaultSelected);
  if (isTicked(control)) return control.checked !== control.defaultChecked;
  return control.value !== control.defaultValue;
}

/** What was typed into a form; nothing where it stands as it came. */
export function typedInto(form: HTMLFormElement): Field[] {
  const all = controls(form);
  if (!all.some(isChanged)) return [];
  return all.filter((each) => !SECRET.test(each.value)).map((each) => ({ name: each.name, value: each.value, ...(isTicked(each) ? { checked: each.checked } : {}) }));
}

/** Puts it back, field by field: boxes by their value, others by their place among those of the same name. */
export function putBack(form: HTMLFormElement, fields: Field[]): void {
  const left = controls(form);
  for (const field of fields) {
    const place = left.findIndex((each) => each.name === field.name && (!isTicked(each) || each.value === field.value));
    const [control] = place < 0 ? [] : left.splice(place, 1);
    if (!control) continue;
    control.closest("details")?.setAttribute("open", "");
    if (isTicked(control)) control.checked = field.checked ?? false;
    else control.value = field.value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function asker(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="asker"]')?.content ?? "";
}

function read(): Draft | undefined {
  const text = sessionStorage.getItem(KEY);
  return text ? (JSON.parse(text) as Draft) : undefined;
}

function write(draft: Draft | undefined): void {
  if (draft) sessionStorage.setItem(KEY, JSON.stringify(draft));
  else sessionStorage.removeItem(KEY);
}

function keep(form: HTMLFormElement, isStopped: boolean): void {
  const fields = typedInto(form);
  const page = form.closest<HTMLElement>("dialog")?.dataset["url"] ?? location.href;
  if (fields.length > 0) write({ asker: asker(), page, action: new URL(form.action).pathname, fields, isStopped });
}

/** The session is over: keeps what is being typed, and leads to where one signs in. */
export function signInAgain(): void {
  if (isSending()) return;
  const forms = [...document.querySelectorAll<HTMLFormElement>(FORMS)];
  const typed = forms.find((form) => typedInto(form).length > 0);
  if (typed) keep(typed, true);
  location.reload();
}

async function goOn(draft: Draft): Promise<void> {
  await openSheet(draft.page);
  const forms = [...document.querySelectorAll<HTMLFormElement>("dialog#sheet form")];
  const form = forms.find((each) => new URL(each.action).pathname === draft.action);
  if (form) putBack(form, draft.fields);
}

function offer(draft: Draft): void {
  const on = html("button", { class: "btn small primary", type: "button", "data-draft": "on" }, spoken("Go on writing"));
  const away = html("button", { class: "btn small", type: "button", "data-draft": "away" }, spoken("Throw it away"));
  const note = html("div", { class: "note row", role: "status" }, html("span", {}, spoken("What you typed was not saved, and is still here.")), on, away);
  const done = (): void => {
    write(undefined);
    note.remove();
  };
  on.addEventListener("click", () => {
    done();
    void goOn(draft);
  });
  away.addEventListener("click", done);
  document.querySelector("main > .top")?.after(note);
}

function wasLeft(): boolean {
  const [how] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return how?.type === "back_forward" || how?.type === "reload";
}

function begin(): void {
  const draft = read();
  if (!draft) return;
  if (document.querySelector("main.door")) write({ ...draft, isStopped: true });
  else if (draft.asker !== asker()) write(undefined);
  else if (draft.isStopped || wasLeft()) offer(draft);
  else write(undefined);
}

function sent(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches(FORMS)) return;
  write(undefined);
  if (!form.action.endsWith("/sign-out")) keep(form, false);
}

export function startDrafts(): void {
  document.addEventListener("submit", sent);
  begin();
}
