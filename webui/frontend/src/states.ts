/** States as the server spells them, and the one letter that a grid row carries for each. */

import { spoken } from "./said";

export const LETTERS = {
  "-": "none",
  c: "scheduled",
  q: "queued",
  r: "running",
  s: "success",
  f: "failed",
  y: "up_for_retry",
  w: "up_for_reschedule",
  d: "deferred",
  i: "awaiting_input",
  u: "upstream_failed",
  k: "skipped",
  x: "removed",
} as const;

export type State = (typeof LETTERS)[keyof typeof LETTERS];

/** What a folded group shows: the first of these that one of its tasks is in. */
const LOUDEST: State[] = [
  "failed",
  "awaiting_input",
  "running",
  "up_for_retry",
  "upstream_failed",
  "deferred",
  "up_for_reschedule",
  "queued",
  "scheduled",
  "none",
  "success",
  "skipped",
  "removed",
];

export function stateOf(letter: string | undefined): State {
  return LETTERS[(letter ?? "x") as keyof typeof LETTERS] ?? "removed";
}

export function loudest(states: Iterable<State>): State {
  const seen = new Set(states);
  return LOUDEST.find((state) => seen.has(state)) ?? "none";
}

export function words(state: State): string {
  return spoken(state === "none" ? "not started" : state.replaceAll("_", " "));
}
