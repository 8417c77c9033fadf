/** Requests to our own server. A write carries the page's token; a fragment leaves the frame of the page out. */

import { signInAgain } from "./drafts";

export function token(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

export async function fragment(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { "X-Fragment": "sheet" } });
  if (answer.status === 401) signInAgain();
  return answer.text();
}

export async function write(form: HTMLFormElement, url = form.action): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: new URLSearchParams(new FormData(form) as unknown as Record<string, string>),
    headers: { "X-CSRF-Token": token(), "X-Fragment": "write" },
    redirect: "manual",
  });
}

/** Writes a few words; it goes on where the page is left meanwhile. */
export async function post(url: string, words: Record<string, string>): Promise<Response> {
  const headers = { "X-CSRF-Token": token(), "X-Fragment": "write" };
  return fetch(url, { method: "POST", body: new URLSearchParams(words), headers, keepalive: true });
}
