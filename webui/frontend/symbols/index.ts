/** Gives `virtual:symbols.css`: the symbols of states as images for the cells of the grid. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vite";
import { sheetOf } from "./sheet";

const NAME = "virtual:symbols.css";
/** From the front end's folder, where it is built and tested. */
export const SOURCES = ["../templates/parts/sprite.html", "src/styles/tokens.css"].map((path) => resolve(path));

export function symbolSheet(): string {
  const [sprite = "", tokens = ""] = SOURCES.map((path) => readFileSync(path, "utf8"));
  return sheetOf(sprite, tokens);
}

export function symbols(): Plugin {
  return {
    name: "symbols",
    apply: "build",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      for (const path of SOURCES) this.addWatchFile(path);
      return symbolSheet();
    },
  };
}
