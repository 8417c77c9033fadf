/** Ctrl-K: finds a DAG, run, task or action by a few letters. */

import { html, isTyping } from "./dom";
import { openSheet } from "./sheet";
import { spoken } from "./said";

interface Found {
  title: string;
  sub: string;
  href: string;
  sheet?: boolean;
  /** Of this page: what is pressed for it. */
  button?: HTMLElement;
}

let box: HTMLDialogElement | undefined;
let found: Found[] = [];
let at = 0;
let asked = "";
let asking: Promise<void> = Promise.resolve();

function build(): HTMLDialogElement {
  const input = html("input", {
    class: "input",
    type: "search",
    placeholder: spoken("Find a DAG, run, task or action"),
    "aria-label": spoken("Find"),
    role: "combobox",
    "aria-controls": "palette-list",
    "aria-expanded": "true",
    autocomplete: "off",
  });
  const list = html("ul", { id: "palette-list", role: "listbox" });
  const made = html("dialog", { class: "palette", "aria-label": spoken("Find") }, input, list);
  input.addEventListener("input", () => (asking = ask(input.value)));
  made.addEventListener("keydown", pressed);
  made.addEventListener("click", clicked);
  document.body.append(made);
  return made;
}

const OWN = "main :is(a[data-sheet], button[data-key], a[data-key])";

/** What can be done on this page, and how it can look: read off its buttons, in their words. */
export function ofPage(root: ParentNode): Found[] {
  const found = new Map<string, Found>();
  const add = (button: HTMLElement, title: string, sub: string): void => {
    if (title && !found.has(title)) found.set(title, { title, sub, href: "", button });
  };
  for (const each of root.querySelectorAll<HTMLElement>(OWN)) {
    if (!each.closest("[data-rows], .picks, dialog, [hidden]")) add(each, (each.textContent ?? "").trim(), spoken("on this page"));
  }
  for (const each of root.querySelectorAll<HTMLElement>(".nav [data-set]")) {
    const group = each.closest("[role=group]")?.getAttribute("aria-label") ?? "";
    add(each, `${group}: ${(each.textContent ?? "").trim()}`, spoken("look"));
  }
  return [...found.values()];
}

/** Those of which each word of the text is a part. */
export function fitting(lines: Found[], text: string): Found[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)));
}

/** The DAG that the reader looks at, as the address says. */
function dagHere(): string {
  return decodeURIComponent(/^\/dags\/([^/]+)/.exec(location.pathname)?.[1] ?? "");
}

async function ask(text: string): Promise<void> {
  asked = text;
  const answer = await fetch(`/ui/find?${new URLSearchParams({ q: text, dag: dagHere() })}`);
  if (!answer.ok || asked !== text) return;
  const own = fitting(ofPage(document), text).slice(0, text ? 8 : 4);
  found = [...own, ...((await answer.json()) as { found: Found[] }).found];
  at = 0;
  draw();
}

function draw(): void {
  const list = box?.querySelector("ul");
  const lines = found.map((each, n) =>
    html(
      "li",
      { role: "option", id: `found-${n}`, "aria-selected": String(n === at), "data-n": n },
      each.title,
      html("span", { class: "sub" }, each.sub),
    ),
  );
  const nothing = html("li", { class: "sub" }, spoken("Nothing by that name."));
  list?.replaceChildren(...(lines.length ? lines : [nothing]));
  box?.querySelector("input")?.setAttribute("aria-activedescendant", lines.length ? `found-${at}` : "");
  list?.children[at]?.scrollIntoView({ block: "nearest" });
}

function go(n: number): void {
  const target = found[n];
  if (!target) return;
  box?.close();
  if (target.button) target.button.click();
  else if (target.sheet) void openSheet(target.href);
  else location.assign(target.href);
}

function pressed(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    at = Math.max(0, Math.min(found.length - 1, at + step));
    draw();
  } else if (event.key === "Enter") {
    event.preventDefault();
    void asking.then(() => go(at)); // what is shown may not be the answer to the last letters yet
  }
}

function clicked(event: MouseEvent): void {
  if (event.target === box) return box?.close();
  const line = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-n]") : null;
  if (line) go(Number(line.dataset["n"]));
}

export function openPalette(): void {
  box ??= build();
  const input = box.querySelector("input");
  if (input) input.value = "";
  if (!box.open) box.showModal();
  asking = ask("");
}

export function startPalette(): void {
  document.addEventListener("keydown", (event) => {
    const chord = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!chord || (isTyping(event) && event.shiftKey)) return;
    event.preventDefault();
    openPalette();
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-palette]")) openPalette();
  });
}
