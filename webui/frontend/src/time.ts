/** Times in words a person would say. The same cases as the server's: tests/webui/words.json holds both. */

import { LOCALE, decimal, spoken } from "./said";

const UNITS: [number, string][] = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

export function span(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s > 0 && s < 0.0995) return `${Math.round(s * 1000)} ms`;
  if (s < 10) return `${decimal(s.toFixed(1).replace(/\.0$/, ""))} s`;
  for (const [size, name] of UNITS) {
    if (s >= size) return `${Math.floor(s / size)} ${name}`;
  }
  return "0 s";
}

export function relative(at: number, now: number): string {
  const s = (at - now) / 1000;
  if (Math.abs(s) < 1) return spoken("now");
  if (s > 0) return spoken("in %(span)s", { span: span(Math.floor(s)) });
  return spoken("%(span)s ago", { span: span(Math.floor(-s)) });
}

/** The zone in which the page says times. */
function zone(): string {
  return document.documentElement.dataset["clock"] || "UTC";
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(name: string, options: Intl.DateTimeFormatOptions, locale?: string): Intl.DateTimeFormat {
  const key = `${name} ${zone()}`;
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, timeZone: zone() });
  formats.set(key, made);
  return made;
}

/** Date and time of day. */
export function stamp(at: number): string {
  return format("stamp", { dateStyle: "short", timeStyle: "medium" }, LOCALE).format(at);
}

/** A mark of an axis: how long after its beginning, or when; with the day where the axis is longer than one. */
function after(at: number, from: number, absolute: boolean): string {
  const s = (at - from) / 1000;
  if (!absolute) return span(s);
  return s >= 86400 ? stamp(at) : format("time", { timeStyle: "medium" }, LOCALE).format(at);
}

/** The time of day with its milliseconds. */
export function clock(at: number): string {
  return format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" }, "en").format(at);
}

function say(node: HTMLElement, now: number, absolute: boolean): void {
  const at = Date.parse(node.getAttribute("datetime") ?? "");
  if (Number.isNaN(at)) return;
  const how = node.dataset["how"];
  if (how === "after") return put(node, after(at, Date.parse(node.dataset["from"] ?? ""), absolute));
  if (how === "since") return put(node, span(Math.floor((now - at) / 1000)));
  put(node, absolute ? stamp(at) : relative(at, now));
}

function put(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

function isAbsolute(): boolean {
  return document.documentElement.dataset["times"] === "absolute";
}

export function tick(root: ParentNode = document, now = Date.now()): void {
  for (const node of root.querySelectorAll<HTMLElement>("time[data-how]")) say(node, now, isAbsolute());
}

export function startTimes(): void {
  tick();
  setInterval(() => document.hidden || tick(), 1000);
}
