/** What can be done here can be done in a terminal: every action's command line, current with the form, one click away. */

import { closest, toast } from "./dom";
import { spoken } from "./said";

export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}

/** Copy a text and say so; where the browser forbids it, show it to be copied by hand. */
export async function say(text: string, words: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(words);
  } catch {
    toast(text);
  }
}

async function copy(button: HTMLElement): Promise<void> {
  const source = button.closest(".command")?.querySelector("code");
  const text = button.dataset["copy"] || source?.textContent || "";
  try {
    await navigator.clipboard.writeText(text.trim());
    toast(spoken("Copied."));
  } catch {
    if (source) getSelection()?.selectAllChildren(source);
    toast(spoken("Press Ctrl-C to copy what is marked."));
  }
}

export function startCopying(): void {
  document.addEventListener("click", (event) => {
    const button = closest(event, "[data-copy]");
    if (button) void copy(button);
  });
}
