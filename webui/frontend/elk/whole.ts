/** The worker as elkjs ships it. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** Where its functions begin that our graphs call; from the folder of the front end. */
export const LIST = "elk/called.json";

export async function wholeWorker(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve("elkjs/lib/elk-worker.min.js"), "utf8");
}

export function nameOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
