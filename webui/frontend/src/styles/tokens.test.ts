// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const [usual = "", high = ""] = readFileSync("src/styles/tokens.css", "utf8").split(':root[data-contrast="high"]');

function tokens(css: string, theme: 0 | 1): Map<string, string> {
  const found = css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g);
  return new Map([...found].map((m) => [m[1] ?? "", m[2 + theme] ?? ""]));
}

function luminance(hex: string): number {
  const part = [1, 3, 5].map((n) => parseInt(hex.slice(n, n + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = part.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT: [string, string[]][] = [
  ["ink", ["bg", "panel", "raised", "line-2"]],
  ["ink-2", ["bg", "panel", "raised", "line-2"]],
  ["ink-3", ["bg", "panel", "raised"]],
  ["accent", ["bg", "panel", "accent-bg", "raised"]],
  ["on-accent", ["accent"]],
  ...["ok", "run", "bad", "wait", "skip", "que"].map((s): [string, string[]] => [s, [`${s}-bg`, "panel"]]),
  ["ink", ["wait-bg", "bad-bg", "ok-bg", "accent-bg"]],
];

for (const [theme, name] of [[0, "light"], [1, "dark"]] as const) {
  const all = tokens(usual, theme);
  const pairs = TEXT.flatMap(([ink, grounds]) => grounds.map((ground) => [ink, ground] as const));
  test.each(pairs)(`in ${name}, %s on %s can be read (AA, 4.5 : 1)`, (ink, ground) => {
    expect(contrast(all.get(ink) ?? "", all.get(ground) ?? "")).toBeGreaterThanOrEqual(4.5);
  });
  test(`in ${name}, the edge of a field can be seen (AA, 3 : 1)`, () => {
    expect(contrast(all.get("field") ?? "", all.get("panel") ?? "")).toBeGreaterThanOrEqual(3);
  });
}

for (const [theme, name] of [[0, "light"], [1, "dark"]] as const) {
  const all = tokens(high, theme);
  const pairs = TEXT.flatMap(([ink, grounds]) => grounds.map((ground) => [ink, ground] as const));
  test(`in ${name} with high contrast, all text can be read (AAA, 7 : 1), and edges be seen (3 : 1)`, () => {
    const weak = pairs.filter(([ink, ground]) => contrast(all.get(ink) ?? "", all.get(ground) ?? "") < 7);
    expect(weak).toEqual([]);
    expect(contrast(all.get("line") ?? "", all.get("panel") ?? "")).toBeGreaterThanOrEqual(3);
    expect([...all.keys()]).toEqual([...tokens(usual, theme).keys()]);
  });
}
