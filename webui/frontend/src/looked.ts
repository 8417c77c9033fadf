/** What failed since the reader last looked at the first page is marked there, and counted. */

import { spoken } from "./said";

const KEY = "dirigent_looked";
let before = 0;

/** How many of these instants are later than the last look. */
export function countLater(times: (string | null)[], looked: number): number {
  return times.filter((at) => at !== null && Date.parse(at) > looked).length;
}

function mark(): void {
  const list = document.querySelector<HTMLElement>("[data-looked]");
  if (!list || before === 0) return;
  const rows = [...list.querySelectorAll<HTMLElement>("tr[id]")];
  const at = (row: HTMLElement): string | null => row.querySelector("time")?.getAttribute("datetime") ?? null;
  for (const row of rows) row.classList.toggle("unseen", countLater([at(row)], before) > 0);
  const count = countLater(rows.map(at), before);
  const note = document.querySelector<HTMLElement>("[data-looked-count]");
  if (!note) return;
  note.textContent = count ? spoken("%(count)s since you last looked", { count }) : "";
  note.hidden = count === 0;
}

function keep(): void {
  if (document.querySelector("[data-looked]")) localStorage.setItem(KEY, String(Date.now()));
}

export function startLooking(): void {
  before = Number(localStorage.getItem(KEY) ?? 0);
  mark();
  document.addEventListener("dirigent:fresh", mark);
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", () => document.hidden && keep());
}
