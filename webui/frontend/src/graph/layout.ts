/**
 * ELK lays the graph out in a worker of its own, so that the page never stalls. The worker holds what graphs like ours
 * need (see `elk/`); a graph that needs more is laid out by the whole of ELK, which is five times as large.
 */

import ELK, { type ElkNode } from "elkjs/lib/elk-api";
import whole from "elkjs/lib/elk-worker.min.js?url";
import small from "virtual:elk-small";

const engines = new Map<string, InstanceType<typeof ELK>>();

function laid(by: string, graph: ElkNode): Promise<ElkNode> {
  const elk = engines.get(by) ?? new ELK({ algorithms: ["layered"], workerFactory: () => new Worker(by) });
  engines.set(by, elk);
  return elk.layout(graph);
}

export async function layout(graph: ElkNode): Promise<ElkNode> {
  return laid(small, graph).catch(() => laid(whole, graph));
}
