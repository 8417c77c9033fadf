/** Ctrl-K: finds a DAG, run, task or action by a few letters. */

import { html, isTyping } from "./dom";
import { openSheet } from "./sheet";
import { spoken } from "./said";

interface Found {
  title: string;
  sub: string;
  href: string;
  sheet?: boolean;
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

async function ask(text: string): Promise<void> {
  asked = text;
  const answer = await fetch(`/ui/find?q=${encodeURIComponent(text)}`);
  if (!answer.ok || asked !== text) return;
  found = ((await answer.json()) as { found: Found[] }).found;
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
  if (target.sheet) void openSheet(target.href);
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
