/** The trigger form: its JSON is kept in step with its fields, and so is the command line that does the same. */

import { quote } from "./copying";

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/** What a field says, in the type its schema asks for; undefined where it cannot be read as that. */
export function read(kind: string, raw: string, checked: boolean): Value | undefined {
  if (kind === "boolean") return checked;
  if (kind === "lines") return raw.split("\n").filter((line) => line.trim() !== "");
  if (raw === "" && kind !== "string") return null;
  if (kind === "moment") return moment(raw);
  if (kind === "integer") return /^-?\d+$/.test(raw) ? Number(raw) : undefined;
  if (kind === "number") return Number.isNaN(Number(raw)) ? undefined : Number(raw);
  if (kind === "json") return parsed(raw);
  return raw;
}

/** A field of date and time has no zone: it goes by the clock of UTC. */
function moment(raw: string): string {
  return `${raw.length === 16 ? `${raw}:00` : raw}+00:00`;
}

function parsed(raw: string): Value | undefined {
  try {
    return JSON.parse(raw) as Value;
  } catch {
    return undefined;
  }
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function controls(form: HTMLFormElement): Control[] {
  return [...form.querySelectorAll<Control>("[data-param]")];
}

function valueOf(control: Control): Value | undefined {
  const checked = control instanceof HTMLInputElement && control.checked;
  return read(control.dataset["kind"] ?? "string", control.value, checked);
}

/** Only what differs from the default goes out, so that a later change of a default reaches a repeated command. */
export function changes(form: HTMLFormElement): Record<string, Value> {
  const conf: Record<string, Value> = {};
  for (const control of controls(form)) {
    const value = valueOf(control);
    const unset = value === undefined || JSON.stringify(value) === control.dataset["default"];
    if (!unset) conf[control.dataset["param"] ?? ""] = value;
  }
  return conf;
}

function judge(control: Control): void {
  const wrong = valueOf(control) === undefined;
  control.setCustomValidity(wrong ? `This is not ${control.dataset["kind"] === "json" ? "JSON" : "a number"}.` : "");
  control.setAttribute("aria-invalid", String(wrong || !control.validity.valid));
}

export function command(form: HTMLFormElement): string {
  const conf = { ...parsedExtra(form), ...changes(form) };
  const words = ["dirigent", "dags", "trigger", form.dataset["dag"] ?? ""];
  if (Object.keys(conf).length > 0) words.push("--conf", JSON.stringify(conf));
  return words.map(quote).join(" ");
}

function parsedExtra(form: HTMLFormElement): Record<string, Value> {
  const extra = form.elements.namedItem("extra");
  const value = extra instanceof HTMLTextAreaElement && extra.value.trim() ? parsed(extra.value) : {};
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}

function step(form: HTMLFormElement): void {
  controls(form).forEach(judge);
  const line = form.querySelector(".command code");
  if (line) line.textContent = command(form);
}

export function startParams(): void {
  const onForm = (event: Event): void => {
    const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>("form[data-params]") : null;
    if (form) step(form);
  };
  document.addEventListener("input", onForm);
  document.addEventListener("change", onForm);
}
