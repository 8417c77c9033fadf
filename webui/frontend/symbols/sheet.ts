/**
 * The symbols of states as images, made of the page's own sprite and tokens. A thousand inline SVGs cost the grid half of
 * a frame, images next to nothing; but an image knows no colour of the page, so there is one for each symbol and look.
 */

interface Look {
  /** Where it is asked for, and of what first node; later ones win. */
  media?: string;
  root: string;
  contrast: "usual" | "high";
  theme: "light" | "dark";
}

const DARK = "screen and (prefers-color-scheme: dark)";

/** Paper is light. */
const LOOKS: Look[] = [
  { root: "", contrast: "usual", theme: "light" },
  { root: ':root[data-contrast="high"] ', contrast: "high", theme: "light" },
  { media: DARK, root: ':root:not([data-theme="light"]) ', contrast: "usual", theme: "dark" },
  { media: "screen", root: ':root[data-theme="dark"] ', contrast: "usual", theme: "dark" },
  { media: DARK, root: ':root[data-contrast="high"]:not([data-theme="light"]) ', contrast: "high", theme: "dark" },
  { media: "screen", root: ':root[data-contrast="high"][data-theme="dark"] ', contrast: "high", theme: "dark" },
];

/** State -> what is drawn of it, in `currentColor`, in a square of twelve. */
export function symbolsIn(sprite: string): Map<string, string> {
  const found = sprite.matchAll(/<symbol id="s-(\w+)" viewBox="0 0 12 12">(.*?)<\/symbol>/gs);
  return new Map([...found].map(([, state = "", drawn = ""]) => [state, drawn]));
}

/** State -> the name of its ink; what is none's own is that of "". */
export function inksIn(tokens: string): Map<string, string> {
  const rules = tokens.matchAll(/((?:\[data-state[^\]]*\][,\s]*)+)\{ --s: var\(--([\w-]+)\)/g);
  return new Map([...rules].flatMap(([, states = "", ink = ""]) => statesIn(states).map((state) => [state, ink] as const)));
}

function statesIn(selectors: string): string[] {
  return [...selectors.matchAll(/\[data-state(?:="(\w+)")?\]/g)].map(([, state = ""]) => state);
}

export function colourOf(tokens: string, ink: string, { contrast, theme }: Pick<Look, "contrast" | "theme">): string {
  const [usual = "", high = ""] = tokens.split(':root[data-contrast="high"]');
  const found = new RegExp(`--${ink}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(contrast === "high" ? high : usual);
  const colour = found?.[theme === "dark" ? 2 : 1];
  if (!colour) throw new Error(`tokens.css has no ${theme} colour of --${ink} at ${contrast} contrast, which a symbol is drawn in.`);
  return colour;
}

function image(drawn: string, colour: string): string {
  const text = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 12 12' color='${colour}'>${drawn.replaceAll('"', "'")}</svg>`;
  return `url("data:image/svg+xml,${text.replace(/[%#<>]/g, encodeURIComponent)}")`;
}

/** Rules that give a cell of each state the `--symbol` of the look that the page has. */
export function sheetOf(sprite: string, tokens: string): string {
  const inks = inksIn(tokens);
  const rules = [...symbolsIn(sprite)].flatMap(([state, drawn]) =>
    LOOKS.map((look) => {
      const colour = colourOf(tokens, inks.get(state) ?? inks.get("") ?? "", look);
      const rule = `${look.root}.cell[data-state="${state}"] { --symbol: ${image(drawn, colour)}; }`;
      return look.media ? `@media ${look.media} { ${rule} }` : rule;
    }),
  );
  return rules.join("\n");
}
