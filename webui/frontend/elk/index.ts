/** Gives `virtual:elk-small`: the address of a worker of ELK's that holds what our graphs need. */

import type { Plugin } from "vite";
import list from "./called.json";
import { shrunk } from "./shrink";
import { nameOf, wholeWorker } from "./whole";

const NAME = "virtual:elk-small";

export async function smallWorker(): Promise<string> {
  const whole = await wholeWorker();
  if (nameOf(whole) !== list.worker) throw new Error("elkjs is another one than elk/called.json tells of: run `npm run elk`, then `npm test`.");
  return shrunk(whole, new Set(list.called));
}

export function smallElk(): Plugin {
  let made: Promise<string> | undefined;
  return {
    name: "small-elk",
    apply: "build",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    async load(id) {
      if (id !== `\0${NAME}`) return null;
      made ??= smallWorker();
      const file = this.emitFile({ type: "asset", name: "elk-small.js", source: await made });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}
