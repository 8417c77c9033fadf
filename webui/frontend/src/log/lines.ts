/** A log as data: its lines, what each is, and the groups that they make. No DOM here. */

export type Kind = "" | "error" | "warning" | "system";

const KINDS: readonly Kind[] = ["", "error", "warning", "system"];

/** A line as the server sends it. */
export interface Raw {
  time: string | null;
  level: string;
  source: string;
  text: string;
}

/** Which lines are to be seen; what is empty asks for all. */
export interface Wish {
  level: string;
  source: string;
}

/** Lines from one `::group::` to its end, which may be seen as the first of them alone. */
export interface Group {
  first: number;
  /** One past the last; as long as it is open, none. */
  end: number;
  title: string;
  isLoud: boolean;
}

const LOUD: Record<string, Kind[]> = { error: ["error"], warning: ["warning", "error"] };
const ESCAPES = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-_]/g;
const ERROR = /^(?:Traceback \(most recent call last\)|[\w.]*(?:Error|Exception|Interrupt|Exit)\b(?::|$))|\b(?:ERROR|CRITICAL|FATAL)\b/;
const WARNING = /\bWARN(?:ING)?\b/;
const GROUP = /^::(?:group::(.*)|endgroup::)\s*$/;

export function plain(text: string): string {
  return text.includes("\x1b") ? text.replace(ESCAPES, "") : text;
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

/** A line that cannot be read (a full disk cuts anywhere) is shown as it is. */
export function read(line: string): Raw {
  try {
    const raw = JSON.parse(line) as Raw;
    if (typeof raw.text === "string") return raw;
  } catch {
    // It is shown below.
  }
  return { time: null, level: "info", source: "", text: line };
}

/** What Dirigent itself adds stands back. */
function levelOf(raw: Raw): string {
  const level = (raw.level ?? "").toLowerCase();
  return raw.source === "dirigent" && (level === "info" || level === "debug") ? "system" : level;
}

/** All lines, in columns: a million objects would take three times the memory. */
export class Lines {
  readonly texts: string[] = [];
  readonly groups: Group[] = [];
  private kinds: number[] = [];
  private times: number[] = [];
  private sources: number[] = [];
  private names: string[] = [];
  private open: Group[] = [];
  private starts = new Map<number, Group>();
  private sorter = new Sorter();

  get count(): number {
    return this.texts.length;
  }

  kind(n: number): Kind {
    return KINDS[this.kinds[n] ?? 0] ?? "";
  }

  /** When it was written, in ms; of the later lines of a record, and of what a reader added, none. */
  time(n: number): number | null {
    const at = this.times[n] ?? NaN;
    return Number.isNaN(at) ? null : at;
  }

  source(n: number): string {
    return this.names[this.sources[n] ?? -1] ?? "";
  }

  /** The group that a line begins. */
  groupAt(n: number): Group | undefined {
    return this.starts.get(n);
  }

  isWanted(n: number, wish: Wish): boolean {
    const kinds = LOUD[wish.level];
    return (!kinds || kinds.includes(this.kind(n))) && (!wish.source || this.source(n) === wish.source);
  }

  /** The text as it is shown: of a group its title. */
  shown(n: number): string {
    return this.starts.get(n)?.title ?? this.texts[n] ?? "";
  }

  /** Adds a record, of which each line is one here; markers that end a group are no lines. */
  add(raw: Raw): void {
    const at = raw.time ? Date.parse(raw.time) : NaN;
    const level = levelOf(raw);
    let isFirst = true;
    for (const text of raw.text.includes("\n") ? raw.text.split("\n") : [raw.text]) {
      this.put(text, isFirst ? at : NaN, level, raw.source);
      isFirst = false;
    }
  }

  private put(text: string, at: number, level: string, source: string): void {
    const marker = text.startsWith("::") ? GROUP.exec(text) : null;
    if (marker && marker[1] === undefined) return this.close();
    if (marker) this.begin(marker[1] || "group");
    const kind = marker ? "" : this.sorter.kindOf(text, level);
    if (kind === "error" || kind === "warning") for (const group of this.open) group.isLoud = true;
    this.texts.push(text);
    this.kinds.push(KINDS.indexOf(kind));
    this.times.push(at);
    this.sources.push(this.named(source));
  }

  private named(source: string): number {
    const known = this.names.indexOf(source);
    return known >= 0 ? known : this.names.push(source) - 1;
  }

  private begin(title: string): void {
    const group = { first: this.count, end: Infinity, title, isLoud: false };
    this.groups.push(group);
    this.open.push(group);
    this.starts.set(group.first, group);
  }

  private close(): void {
    const group = this.open.pop();
    if (group) group.end = this.count;
  }

  /** Groups that nobody ended end with the log. */
  finish(): void {
    while (this.open.length > 0) this.close();
  }

  /** The first line of the last error: where the reader wants to look. */
  lastError(): number {
    let n = this.count - 1;
    while (n >= 0 && this.kind(n) !== "error") n -= 1;
    while (n > 0 && this.kind(n - 1) === "error") n -= 1;
    return n;
  }
}
