import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SOURCES, symbolSheet } from ".";
import { colourOf, inksIn, sheetOf, symbolsIn } from "./sheet";

const [sprite = "", tokens = ""] = SOURCES.map((path) => readFileSync(path, "utf8"));
const sheet = symbolSheet();

function imagesOf(state: string): Document[] {
  const found = sheet.matchAll(new RegExp(`"${state}"\\] \\{ --symbol: url\\("data:image/svg\\+xml,([^"]*)"`, "g"));
  return [...found].map(([, text = ""]) => new DOMParser().parseFromString(decodeURIComponent(text), "image/svg+xml"));
}

test.each([...symbolsIn(sprite)])("the images of %s draw what its symbol does, each in the colour of one look", (state, drawn) => {
  const images = imagesOf(state);
  const ink = inksIn(tokens).get(state) ?? "skip";
  const looks = (["usual", "high"] as const).flatMap((contrast) => (["light", "dark"] as const).map((theme) => ({ contrast, theme })));
  const colours = looks.map((look) => colourOf(tokens, ink, look));
  expect(new Set(images.map((each) => each.documentElement.getAttribute("color")))).toEqual(new Set(colours));
  expect(images.map((each) => each.documentElement.innerHTML.length > 0)).toEqual(Array(6).fill(true));
  const paths = [...drawn.matchAll(/ d="([^"]*)"/g)].map(([, d]) => d);
  for (const each of images) expect([...each.querySelectorAll("path")].map((path) => path.getAttribute("d"))).toEqual(paths);
});

test("every symbol of a state is read, and states share inks as in the tokens", () => {
  expect(symbolsIn(sprite).size).toBe([...sprite.matchAll(/<symbol /g)].length - 1);
  expect(["success", "lost", "awaiting_input", ""].map((state) => inksIn(tokens).get(state))).toEqual(["ok", "bad", "wait", "skip"]);
});

test("nothing dark is asked for on paper", () => {
  const dark = sheet.split("\n").filter((rule) => /dark|not\(/.test(rule));
  expect(dark.length).toBeGreaterThan(0);
  expect(dark.filter((rule) => !rule.startsWith("@media screen"))).toEqual([]);
});

test("a state whose ink the tokens lack is an error of the build", () => {
  expect(() => sheetOf(sprite, tokens.replaceAll("--ok: ", "--fine: "))).toThrow("no light colour of --ok at usual contrast");
});
