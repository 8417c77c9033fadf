/** Runs the text of a worker of ELK's here, and tells what it answers and which of its functions it called. */

import { Session } from "node:inspector/promises";
import vm from "node:vm";
import type { ElkNode } from "elkjs/lib/elk-api";

export interface Answer {
  id: number;
  data?: ElkNode;
  error?: unknown;
}

interface Worker {
  onmessage: (message: { data: object }) => void;
  postMessage: (answer: Answer) => void;
}

const NAME = "elk-worker.js";
/** Its names are those of a function: names of a script are looked up a hundred times as slowly. */
const HEAD = "(function(self){";

/** Have graphs laid out, one after the other. */
export function laidOut(text: string, graphs: readonly ElkNode[]): Answer[] {
  const answers: Answer[] = [];
  const self: Worker = { onmessage: () => undefined, postMessage: (answer) => answers.push(answer) };
  vm.runInThisContext(`${HEAD}${text}\n})`, { filename: NAME })(self);
  const tell = (data: object): void => self.onmessage({ data });
  tell({ id: -1, cmd: "register", algorithms: ["layered"] });
  graphs.forEach((graph, id) => tell({ id, cmd: "layout", graph: structuredClone(graph), layoutOptions: {}, options: {} }));
  return answers.filter((each) => each.id >= 0);
}

/** Return where the functions begin that are called while these graphs are laid out. */
export async function called(text: string, graphs: readonly ElkNode[]): Promise<Set<number>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  laidOut(text, graphs);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  const functions = result.filter((each) => each.url.endsWith(NAME)).flatMap((each) => each.functions);
  return new Set(functions.flatMap((each) => each.ranges.slice(0, 1)).filter((its) => its.count > 0).map((its) => its.startOffset - HEAD.length));
}
