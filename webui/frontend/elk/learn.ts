/** `npm run elk`: finds anew which functions of ELK our graphs call, for a new release of it, and writes them down. */

import { writeFile } from "node:fs/promises";
import { graphs } from "./graphs";
import { LIST, nameOf, wholeWorker } from "./whole";
import { called } from "./worker";

const SEED = 1;
const COUNT = 24;

const whole = await wholeWorker();
const found = [...(await called(whole, graphs(SEED, COUNT)))].sort((a, b) => a - b);
await writeFile(LIST, `${JSON.stringify({ worker: nameOf(whole), called: found })}\n`);
