/** A log as data: lines, what each is, where errors and search hits are. No DOM here. */

import { AnsiUp } from "ansi_up";

export type Kind = "" | "error" | "warning" | "system";

export interface Line {
  text: string;
  at: string | null;
  kind: Kind;
  source: string;
  /** Its number in the whole log, from 0 on. */
  n: number;
}

/** Which lines are to be seen; what is empty asks for all. */
export interface Wish {
  level: string;
  source: string;
}

const LOUD: Record<string, Kind[]> = { error: ["error"], warning: ["warning", "error"] };

export function isWanted(line: Line, wish: Wish): boolean {
  const kinds = LOUD[wish.level];
  return (!kinds || kinds.includes(line.kind)) && (!wish.source || line.source === wish.source);
}

const ESCAPES = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]/g;
const ERROR = /^(?:Traceback \(most recent call last\)|[\w.]*(?:Error|Exception|Interrupt|Exit)\b(?::|$))|\b(?:ERROR|CRITICAL|FATAL)\b/;
const WARNING = /\bWARN(?:ING)?\b/;

export function plain(text: string): string {
  return text.replace(ESCAPES, "");
}

/** A traceback is one error from its first line to the exception that ends it. */
export class Sorter {
  private inTraceback = false;

  /** What a line is, by its level where that says something, else by its words. */
  kindOf(text: string, level = "info"): Kind {
    if (level === "system") return "system";
    if (level === "error" || level === "critical") return "error";
    return this.byWords(text) || (level === "warning" ? "warning" : "");
  }

  private byWords(text: string): Kind {
    const bare = plain(text);
    if (bare.startsWith("Traceback (most recent call last)")) this.inTraceback = true;
    if (this.inTraceback) {
      this.inTraceback = bare.startsWith(" ") || bare === "" || bare.startsWith("Traceback") || bare.startsWith("During handling");
      return "error";
    }
    if (ERROR.test(bare)) return "error";
    return WARNING.test(bare) ? "warning" : "";
  }
}

/** One line as safe HTML: escaped first, then its colours as classes. */
export function coloured(text: string): string {
  const painter = new AnsiUp();
  painter.use_classes = true;
  painter.url_allowlist = {};
  return painter.ansi_to_html(text);
}

export function hits(lines: Line[], wanted: string): number[] {
  if (!wanted) return [];
  const small = wanted.toLowerCase();
  return lines.flatMap((line, n) => (plain(line.text).toLowerCase().includes(small) ? [n] : []));
}

/** The first line of the last error: where the reader wants to look. */
export function lastError(lines: Line[]): number {
  let n = lines.findLastIndex((line) => line.kind === "error");
  while (n > 0 && lines[n - 1]?.kind === "error") n -= 1;
  return n;
}
