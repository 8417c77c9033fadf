/**
 * Hears from the server that something which this page shows has changed (`/ui/live`, server-sent events). What is
 * heard says only that: whoever shows something asks for it. While nothing can be heard, polls go on by themselves.
 *
 * A browser has six connections to a server, and every stream takes one: a page that nobody sees has none, and of
 * the pages that are seen at once in several windows four.
 */

const STREAMS = 4;
const AGAIN = 30_000;

type Listener = () => void;

const listeners = new Set<Listener>();
let source: EventSource | undefined;
let hears = false;
let giveBack: (() => void) | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;

/** Whether the server says when something changes. */
export function isHearing(): boolean {
  return hears;
}

/** Calls when something has changed, and when hearing begins or ends; returns what ends that. */
export function onRing(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** What a page at this path shows: a DAG, one run of it, or anything. */
export function subject(path: string): string {
  const [, dag, run] = /^\/dags\/([^/]+)(?:\/runs\/([^/]+))?/.exec(path) ?? [];
  const query = new URLSearchParams();
  if (dag) query.set("dag", decodeURIComponent(dag));
  if (run) query.set("run", decodeURIComponent(run));
  return query.toString();
}

function ring(): void {
  for (const listener of [...listeners]) listener();
}

function set(now: boolean): void {
  if (hears === now) return;
  hears = now;
  document.documentElement.classList.toggle("asking", !now);
  ring();
}

/** Takes one of the places that the windows of this browser share; false where none is free. */
async function place(): Promise<boolean> {
  if (!("locks" in navigator)) return true;
  for (let n = 0; n < STREAMS; n += 1) {
    if (await taken(`dirigent-stream-${n}`)) return true;
  }
  return false;
}

function taken(name: string): Promise<boolean> {
  return new Promise((answer) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      answer(lock !== null);
      return lock ? new Promise<void>((done) => (giveBack = done)) : undefined;
    });
  });
}

async function open(): Promise<void> {
  clearTimeout(retry);
  if (source || document.hidden) return;
  if (!(await place())) return again();
  if (source || document.hidden) return leave();
  source = new EventSource(`/ui/live?${subject(location.pathname)}`);
  let isFirst = true;
  source.addEventListener("hello", () => {
    if (isFirst) ring();
    isFirst = false;
    set(true);
  });
  source.addEventListener("change", ring);
  source.addEventListener("error", () => {
    set(false);
    if (source?.readyState !== EventSource.CLOSED) return;
    leave();
    again();
  });
}

function again(): void {
  clearTimeout(retry);
  retry = setTimeout(() => void open(), AGAIN);
}

function leave(): void {
  source?.close();
  source = undefined;
  giveBack?.();
  giveBack = undefined;
}

function seen(): void {
  if (!document.hidden) return void open();
  clearTimeout(retry);
  leave();
  hears = false;
}

export function startHearing(): void {
  if (!document.querySelector("[data-live], [data-grid], [data-graph]")) return;
  document.addEventListener("visibilitychange", seen);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && void open());
  setTimeout(() => hears || document.documentElement.classList.add("asking"), 3000);
  void open();
}
