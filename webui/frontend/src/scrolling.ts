/** What is wider than its place is scrolled by keyboard too: it takes the focus, where nothing in it does. */

const WIDE = ".table, .command code, .value, .prose pre";

function mark(): void {
  for (const node of document.querySelectorAll<HTMLElement>(WIDE)) {
    const isWider = node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight;
    if (isWider && !node.querySelector("a[href], button, input, [tabindex]")) node.tabIndex = 0;
  }
}

export function startScrolling(): void {
  mark();
  // Of more views than a phone has room for, the one that is open shows.
  const open = document.querySelector(".tabs [aria-current]");
  const tabs = open?.closest(".tabs");
  if (tabs && tabs.scrollWidth > tabs.clientWidth) open?.scrollIntoView({ block: "nearest", inline: "center" });
  // Of a year, its last day with a run.
  const year = document.querySelector<HTMLElement>(".year-scroll");
  const latest = year?.querySelector("a:last-of-type")?.getBoundingClientRect();
  if (year && latest) year.scrollLeft += latest.right + 12 - year.getBoundingClientRect().right;
  document.addEventListener("dirigent:fresh", mark);
  document.addEventListener("dirigent:sheet", mark);
  document.addEventListener("toggle", mark, true);
  addEventListener("resize", mark, { passive: true });
}
