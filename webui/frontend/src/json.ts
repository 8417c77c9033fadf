/** Where a text stops being JSON: browsers say it in different words or not at all, people want a line and a column. */

import { spoken } from "./said";

const SCALAR = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null/iy;
const NAME = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-f]{4}))*"/iy;
const BLANK = /[ \t\r\n]*/y;

/** The place of the first character that cannot stand where it stands; the length of the text where it ends too soon. */
function stop(text: string): number {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found ? found[0].length : 0;
    return found !== null;
  };
  const mark = (sign: string): boolean => {
    take(BLANK);
    const is = text.charAt(at) === sign;
    at += is ? 1 : 0;
    return is;
  };
  const many = (end: string, one: () => boolean): boolean => {
    if (mark(end)) return true;
    do if (!one()) return false;
    while (mark(","));
    return mark(end);
  };
  const pair = (): boolean => (mark(" "), take(NAME)) && mark(":") && value();
  const value = (): boolean => {
    if (mark("{")) return many("}", pair);
    if (mark("[")) return many("]", value);
    return take(SCALAR);
  };
  if (value()) take(BLANK);
  return at;
}

/** What is wrong with a text that is not JSON: "x was not expected, line 2, column 5". */
export function fault(text: string): string {
  const at = stop(text);
  const before = text.slice(0, at).split("\n");
  const values = { line: before.length, column: (before[before.length - 1] ?? "").length + 1 };
  const sign = text.charAt(at);
  return sign === "" ? spoken("it ends too soon, line %(line)s, column %(column)s", values) : spoken("%(sign)s was not expected, line %(line)s, column %(column)s", { sign, ...values });
}
