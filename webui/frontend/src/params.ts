/**
 * The trigger form: its fields, the JSON beside them, the command line and the link are kept in step. What was touched
 * last counts; secrets and files stand in their fields only.
 */

import { quote, say } from "./copying";
import { closest } from "./dom";
import { fault } from "./json";
import { spoken } from "./said";

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
type Conf = Record<string, Value>;
type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Longer links are cut by browsers, proxies and chats. */
const LONGEST_LINK = 4000;
const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What a field says, in the type its schema asks for; undefined where it cannot be read as that. */
export function read(kind: string, raw: string, checked: boolean): Value | undefined {
  if (kind === "boolean") return checked;
  if (kind === "lines") return raw.split("\n").filter((line) => line.trim() !== "");
  if (raw === "" && kind !== "string") return null;
  if (kind === "moment") return moment(raw);
  if (kind === "integer") return /^-?\d+$/.test(raw) ? Number(raw) : undefined;
  if (kind === "number") return NUMBER.test(raw) ? Number(raw) : undefined;
  if (kind === "json") return parsed(raw);
  if (kind === "any") return parsed(raw) ?? raw;
  return raw;
}

/** How a value stands in a field; undefined where the field cannot hold it. */
export function shown(kind: string, value: Value): string | undefined {
  if (value === null) return "";
  if (kind === "json") return pretty(value);
  if (kind === "any") return typeof value === "string" ? value : pretty(value);
  if (kind === "lines") return Array.isArray(value) ? value.join("\n") : undefined;
  if (kind === "boolean") return typeof value === "boolean" ? String(value) : undefined;
  if (kind === "integer" || kind === "number") return typeof value === "number" ? String(value) : undefined;
  if (kind === "moment") return typeof value === "string" ? clock(value) : undefined;
  return typeof value === "string" ? value : undefined;
}

function pretty(value: Value): string {
  const line = JSON.stringify(value);
  return line.length < 60 ? line : JSON.stringify(value, null, 2);
}

/** A field of date and time has no zone: it goes by the clock of UTC. */
function moment(raw: string): string {
  return `${raw.length === 16 ? `${raw}:00` : raw}+00:00`;
}

function clock(text: string): string | undefined {
  const at = new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().slice(0, 19);
}

function parsed(raw: string): Value | undefined {
  try {
    return JSON.parse(raw) as Value;
  } catch {
    return undefined;
  }
}

/** The fields that stand in the JSON too. */
function fields(form: HTMLFormElement): HTMLElement[] {
  return [...form.querySelectorAll<HTMLElement>("[data-param]:not([data-apart])")];
}

function boxes(field: HTMLElement): HTMLInputElement[] {
  return [...field.querySelectorAll<HTMLInputElement>("input[type=checkbox]")];
}

function kindOf(field: HTMLElement): string {
  return field.dataset["kind"] ?? "string";
}

function defaultOf(field: HTMLElement): Value | undefined {
  return parsed(field.dataset["default"] ?? "");
}

/** What the boxes say; the default, as its author ordered it, where they say the same. */
function chosen(field: HTMLElement): Value[] {
  const values = parsed(field.dataset["values"] ?? "[]");
  const known = new Map((Array.isArray(values) ? values : []).map((each) => [spelled(each), each]));
  const found = boxes(field).filter((box) => box.checked).map((box) => known.get(box.value) ?? box.value);
  const standing = defaultOf(field);
  return Array.isArray(standing) && areSame(found, standing) ? standing : found;
}

function areSame(some: Value[], others: Value[]): boolean {
  return some.map(spelled).sort().join("\n") === others.map(spelled).sort().join("\n");
}

function spelled(value: Value): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function valueOf(field: HTMLElement): Value | undefined {
  if (kindOf(field) === "checks") return chosen(field);
  const control = field as Control;
  if (control instanceof HTMLSelectElement && control.value === "") return null;
  const standing = defaultOf(field);
  if (kindOf(field) !== "boolean" && standing !== undefined && shown(kindOf(field), standing) === control.value) return standing;
  return read(kindOf(field), control.value, control instanceof HTMLInputElement && control.checked);
}

/** Only what differs from the default goes out, so that a later change of a default reaches a repeated command. */
export function changes(form: HTMLFormElement): Conf {
  const conf: Conf = {};
  for (const field of fields(form)) {
    const value = valueOf(field);
    const standing = defaultOf(field);
    const isMissing = standing === undefined && (value === null || value === "");
    const unset = value === undefined || isMissing || JSON.stringify(value) === JSON.stringify(standing);
    if (!unset) conf[field.dataset["param"] ?? ""] = value;
  }
  return conf;
}

/** Put a value into a field. Returns false where the field cannot hold it: then only the JSON says it. */
function put(field: HTMLElement, value: Value): boolean {
  if (kindOf(field) === "checks") {
    const wanted = Array.isArray(value) ? value.map(spelled) : [];
    for (const box of boxes(field)) box.checked = wanted.includes(box.value);
    return Array.isArray(value) && wanted.every((each) => boxes(field).some((box) => box.value === each));
  }
  const text = shown(kindOf(field), value);
  const control = field as Control;
  if (control instanceof HTMLInputElement && kindOf(field) === "boolean") control.checked = text === "true";
  else control.value = text ?? "";
  return text !== undefined && (kindOf(field) === "boolean" || control.value === text);
}

function editor(form: HTMLFormElement): HTMLTextAreaElement | null {
  return form.querySelector<HTMLTextAreaElement>("textarea[data-conf]");
}

function asConf(text: string): Conf | undefined {
  const value = text.trim() ? parsed(text) : {};
  return value && typeof value === "object" && !Array.isArray(value) ? value : undefined;
}

/** What the form means as a whole: what no field is for, and what differs from the defaults. */
export function confOf(form: HTMLFormElement): Conf {
  const area = editor(form);
  const beside = (area && asConf(area.value)) || {};
  if (by(form) === "json") return beside;
  const drawn = new Set(fields(form).map((field) => field.dataset["param"]));
  const rest = Object.entries(beside).filter(([name]) => !drawn.has(name));
  return { ...Object.fromEntries(rest), ...changes(form) };
}

function marker(form: HTMLFormElement): HTMLInputElement | null {
  return form.querySelector<HTMLInputElement>("input[type=hidden][name=by]");
}

function by(form: HTMLFormElement): string {
  return marker(form)?.value ?? "form";
}

function tell(place: HTMLElement, words: string): void {
  const said = place.closest(".field")?.querySelector<HTMLElement>("[data-wrong]");
  if (said) said.textContent = words;
}

function judge(field: HTMLElement): void {
  if (kindOf(field) === "checks") return tell(field, "");
  const control = field as Control;
  const words = wrong(control);
  control.setCustomValidity(words);
  control.setAttribute("aria-invalid", String(words !== "" || !control.validity.valid));
  tell(control, words);
}

function wrong(control: Control): string {
  if (control instanceof HTMLInputElement && control.type === "file") return tooLarge(control);
  if (valueOf(control) !== undefined) return "";
  return kindOf(control) === "json" ? spoken("This is not JSON: %(fault)s.", { fault: fault(control.value) }) : spoken("This is not a number.");
}

function tooLarge(control: HTMLInputElement): string {
  const most = Number(control.dataset["largest"] ?? 0);
  const file = control.files?.[0];
  return file && most && file.size > most ? spoken("%(file)s is larger than %(most)s kB.", { file: file.name, most: most / 1000 }) : "";
}

export function command(form: HTMLFormElement): string {
  const conf = confOf(form);
  const words = ["dirigent", "dags", "trigger", form.dataset["dag"] ?? ""];
  if (Object.keys(conf).length > 0) words.push("--conf", JSON.stringify(conf));
  return words.map(quote).join(" ");
}

/** A link that fills the form in; empty where it would be too long to be passed on. */
export function link(form: HTMLFormElement, address: string): string {
  const conf = confOf(form);
  const text = Object.keys(conf).length > 0 ? `${address}?conf=${encodeURIComponent(JSON.stringify(conf))}` : address;
  return text.length > LONGEST_LINK ? "" : text;
}

function repeat(form: HTMLFormElement): void {
  const line = form.querySelector(".command code");
  if (line) line.textContent = command(form);
  const share = form.querySelector<HTMLAnchorElement>("a[data-share]");
  if (share) share.href = link(form, share.dataset["share"] ?? "") || share.href;
}

function setBy(form: HTMLFormElement, name: string): void {
  const found = marker(form);
  if (found) found.value = name;
}

function fromField(form: HTMLFormElement, field: HTMLElement): void {
  setBy(form, "form");
  judge(field);
  const area = editor(form);
  if (area && asConf(area.value)) {
    const conf = confOf(form);
    area.value = Object.keys(conf).length > 0 ? JSON.stringify(conf, null, 2) : "";
  }
}

function fromJson(form: HTMLFormElement, area: HTMLTextAreaElement): void {
  const conf = asConf(area.value);
  const words = conf ? "" : parsed(area.value) === undefined ? spoken("This is not JSON: %(fault)s.", { fault: fault(area.value) }) : spoken('The conf must be an object, such as {"key": "value"}.');
  area.setCustomValidity(words);
  area.setAttribute("aria-invalid", String(words !== ""));
  tell(area, words);
  if (!conf) return;
  setBy(form, "json");
  for (const field of fields(form)) {
    const value = conf[field.dataset["param"] ?? ""] ?? defaultOf(field) ?? null;
    const fits = put(field, value);
    judge(field);
    if (!fits) tell(field, spoken("Here the JSON says what this field cannot show."));
  }
}

/** JSON that stands alone, such as the result of a task: the command line carries it too. */
function onJson(area: HTMLTextAreaElement): void {
  const value = parsed(area.value);
  const words = value === undefined && area.value !== "" ? spoken("This is not JSON: %(fault)s.", { fault: fault(area.value) }) : "";
  area.setCustomValidity(words);
  area.setAttribute("aria-invalid", String(words !== ""));
  tell(area, words);
  const line = area.form?.querySelector(".command code");
  if (line && value !== undefined) line.textContent = (line.textContent ?? "").replace(/ --result .*$/s, () => ` --result ${quote(JSON.stringify(value))}`);
}

function onForm(event: Event): void {
  if (event.target instanceof HTMLTextAreaElement && event.target.hasAttribute("data-json")) return onJson(event.target);
  const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>("form[data-params]") : null;
  if (!form || !(event.target instanceof HTMLElement)) return;
  const field = event.target.closest<HTMLElement>("[data-param]");
  if (field) fromField(form, field);
  else if (event.target instanceof HTMLTextAreaElement && event.target.hasAttribute("data-conf")) fromJson(form, event.target);
  repeat(form);
}

/** What is wrong may stand where it is folded away: it is opened, so that the browser can point at it. */
function opened(event: Event): void {
  if (event.target instanceof Element) event.target.closest("form[data-params] details")?.setAttribute("open", "");
}

function shared(event: MouseEvent): void {
  const share = closest(event, "a[data-share]");
  const form = share?.closest<HTMLFormElement>("form[data-params]");
  if (!(share instanceof HTMLAnchorElement) || !form) return;
  event.preventDefault();
  const text = link(form, share.dataset["share"] ?? "");
  if (text) void say(new URL(text, location.href).href, spoken("The link is copied. It fills the form in, and starts nothing."));
  else void say(command(form), spoken("Too long for a link: the command line is copied instead."));
}

export function startParams(): void {
  document.addEventListener("input", onForm);
  document.addEventListener("change", onForm);
  document.addEventListener("invalid", opened, true);
  document.addEventListener("click", shared);
}
