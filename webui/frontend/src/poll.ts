/**
 * Conditional polling: one small request a second while the page is seen, answered by 304 when nothing changed.
 * It slows down when nothing happens for a while, stops while the page is hidden, and says when the server is gone.
 */

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
const EVERY = { lively: 1000, quiet: 3000, gone: 5000 };

export function delay(unchanged: number, failures: number): number {
  if (failures > 0) return Math.min(EVERY.gone * failures, 30_000);
  return unchanged < QUIET_AFTER ? EVERY.lively : EVERY.quiet;
}

function report(gone: boolean): void {
  document.documentElement.classList.toggle("offline", gone);
  document.dispatchEvent(new CustomEvent("dirigent:link", { detail: { gone } }));
}

export function poll(url: () => string, use: (answer: Answer) => void, etag = ""): Poll {
  let unchanged = 0;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let asked = url();

  async function ask(): Promise<void> {
    const address = url();
    if (address !== asked) etag = "";
    asked = address;
    const headers: Record<string, string> = { "X-Fragment": "live" };
    if (etag) headers["If-None-Match"] = etag;
    const answer = await fetch(address, { headers, cache: "no-store" });
    if (answer.status === 401) return location.reload();
    if (answer.status === 304) {
      unchanged += 1;
      await answer.arrayBuffer();
      return;
    }
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    const text = await answer.text();
    if (stopped || address !== url()) return;
    unchanged = 0;
    etag = answer.headers.get("ETag") ?? "";
    use({ text, headers: answer.headers });
  }

  async function round(): Promise<void> {
    try {
      await ask();
      if (failures > 0) report(false);
      failures = 0;
    } catch {
      failures += 1;
      if (failures === 2) report(true);
    }
    later(delay(unchanged, failures));
  }

  function later(ms: number): void {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => (document.hidden ? undefined : void round()), ms);
  }

  function wake(): void {
    unchanged = 0;
    later(0);
  }

  function seen(): void {
    if (!document.hidden) wake();
  }

  document.addEventListener("visibilitychange", seen);
  later(etag ? EVERY.lively : 0);
  return {
    wake,
    stop() {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    },
  };
}
