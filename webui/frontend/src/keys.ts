/** `?` shows what the keyboard does: what works everywhere, and the letters of what is on this page. */

import { html, isTyping } from "./dom";
import { spoken } from "./said";

const EVERYWHERE: [string, string][] = [
  [spoken("Ctrl") + " K", spoken("find a DAG, run, task or action")],
  ["?", spoken("these keys")],
  ["/", spoken("filter the list")],
  ["↓ j, ↑ k", spoken("next row, row before")],
  ["Enter", spoken("open the row")],
  ["x", spoken("choose the row")],
  [`${spoken("Shift")} ↓ ↑`, spoken("choose rows one after the other")],
  ["Esc", spoken("close")],
];
const VIEWS: [string, [string, string][]][] = [
  ["[role=grid]", [["← → ↑ ↓", spoken("move in the grid")], [`${spoken("Shift")} ← → ↑ ↓`, spoken("choose many")], ["x", spoken("choose the cell")], ["Enter", spoken("open the task, fold the group")], ["r", spoken("rerun what is chosen")], ["l", spoken("log")]]],
  [".canvas", [["← → ↑ ↓", spoken("walk the graph")], ["Enter", spoken("open the task")], ["0", spoken("show all")]]],
];

/** The letters that buttons and links of this page answer to, each once. */
export function lettersOf(root: ParentNode): [string, string][] {
  const found = new Map<string, string>();
  for (const node of root.querySelectorAll<HTMLElement>("[data-key]")) {
    const key = node.dataset["key"] ?? "";
    if (key && !found.has(key)) found.set(key, (node.textContent ?? "").trim());
  }
  return [...found];
}

function list(title: string, keys: [string, string][]): HTMLElement[] {
  if (keys.length === 0) return [];
  const lines = keys.flatMap(([key, words]) => [html("dt", {}, html("kbd", {}, key)), html("dd", {}, words)]);
  return [html("h2", {}, title), html("dl", { class: "kv" }, ...lines)];
}

function show(): void {
  const box = html("dialog", { class: "keys", "aria-labelledby": "keys-title" });
  const views = VIEWS.flatMap(([where, keys]) => (document.querySelector(where) ? keys : []));
  const close = html("button", { class: "btn", type: "button" }, spoken("Close"));
  close.addEventListener("click", () => box.close());
  box.append(
    html(
      "div",
      { class: "sheet" },
      html("h1", { id: "keys-title" }, spoken("Keys")),
      ...list(spoken("On this page"), [...lettersOf(document), ...views]),
      ...list(spoken("Everywhere"), EVERYWHERE),
      html("div", { class: "sheet-foot" }, close),
    ),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || isTyping(event) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    show();
  });
}
