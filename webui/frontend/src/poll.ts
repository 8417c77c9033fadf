/**
 * Conditional questions, answered by 304 when nothing changed: whenever the server says that something has (see
 * `hearing`); where that cannot be heard once a second, less often when nothing happens for a while. None while the
 * page is hidden; and when the server is gone the page says so.
 */

import { isSending } from "./dom";
import { signInAgain } from "./drafts";
import { sayGone } from "./gone";
import { isHearing, onRing } from "./hearing";

export interface Answer {
  text: string;
  headers: Headers;
}

export interface Poll {
  /** Asks again at once, and quickly from then on. */
  wake(): void;
  stop(): void;
}

const QUIET_AFTER = 60;
/** `sure`: what no event tells of, such as a reason to wait. */
const EVERY = { lively: 1000, quiet: 3000, sure: 10_000, gone: 5000 };
const GAP = { least: 250, most: 5000, times: 8 };

export function delay(unchanged: number, failures: number, hears = false): number {
  if (failures > 0) return Math.min(EVERY.gone * failures, 30_000);
  if (hears) return EVERY.sure;
  return unchanged < QUIET_AFTER ? EVERY.lively : EVERY.quiet;
}

/** How long to leave the server alone for an answer, however much happens: the longer the longer that took. */
export function gap(took: number): number {
  return Math.max(GAP.least, Math.min(GAP.most, GAP.times * took));
}

/** So many answers a page may be ahead after a rest: changes follow each other when somebody acts. */
const AHEAD = 3;

/** Leaves the server alone for `gap` after each answer, taken together. */
export class Pace {
  private paidAt = 0;

  /** How long to rest after an answer that took so long. */
  rest(now: number, took: number): number {
    const share = gap(took);
    this.paidAt = Math.max(this.paidAt, now) + share;
    return Math.max(GAP.least, this.paidAt - now - AHEAD * share);
  }
}

function report(gone: boolean): void {
  document.documentElement.classList.toggle("offline", gone);
  document.dispatchEvent(new CustomEvent("dirigent:link", { detail: { gone } }));
}

class Asker implements Poll {
  private unchanged = 0;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private isAsking = false;
  /** Something changed while an answer was under way. */
  private isRung = false;
  private readyAt = 0;
  private pace = new Pace();
  private asked: string;
  private silence: () => void;

  constructor(
    private url: () => string,
    private use: (answer: Answer) => void,
    private etag: string,
  ) {
    this.asked = url();
    document.addEventListener("visibilitychange", this.seen);
    this.silence = onRing(() => this.rung());
    this.later(etag ? EVERY.lively : 0);
  }

  wake(): void {
    this.unchanged = 0;
    this.isRung = true;
    this.later(0);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.silence();
    document.removeEventListener("visibilitychange", this.seen);
  }

  private rung(): void {
    if (this.isRung || document.hidden) return;
    this.isRung = true;
    if (!this.isAsking) this.later(Math.max(0, this.readyAt - performance.now()));
  }

  private seen = (): void => {
    if (!document.hidden) this.wake();
  };

  private later(ms: number): void {
    clearTimeout(this.timer);
    if (!this.stopped) this.timer = setTimeout(() => (document.hidden ? undefined : void this.round()), ms);
  }

  private async round(): Promise<void> {
    if (this.isAsking) return;
    if (isSending()) return this.later(EVERY.lively);
    this.isAsking = true;
    this.isRung = false;
    const began = performance.now();
    try {
      await this.ask();
      if (this.failures > 0) report(false);
      this.failures = 0;
    } catch {
      this.failures += 1;
      if (this.failures === 2) report(true);
    }
    this.isAsking = false;
    const now = performance.now();
    const rest = this.pace.rest(now, now - began);
    this.readyAt = now + rest;
    const next = delay(this.unchanged, this.failures, isHearing());
    this.later(this.isRung && this.failures === 0 ? Math.min(rest, next) : next);
  }

  /** What was there is no more. */
  private lose(): void {
    this.stop();
    sayGone();
  }

  private async ask(): Promise<void> {
    const address = this.url();
    if (address !== this.asked) this.etag = "";
    this.asked = address;
    const headers: Record<string, string> = { "X-Fragment": "live" };
    if (this.etag) headers["If-None-Match"] = this.etag;
    const answer = await fetch(address, { headers, cache: "no-store" });
    if (answer.status === 401) return signInAgain();
    if (answer.status === 404 && this.etag) return this.lose();
    if (answer.status === 304) {
      this.unchanged += 1;
      await answer.arrayBuffer();
      return;
    }
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    const text = await answer.text();
    if (this.stopped || address !== this.url()) return;
    this.unchanged = 0;
    this.etag = answer.headers.get("ETag") ?? "";
    this.use({ text, headers: answer.headers });
  }
}

export function poll(url: () => string, use: (answer: Answer) => void, etag = ""): Poll {
  return new Asker(url, use, etag);
}
