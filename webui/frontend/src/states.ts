/** States as the server spells them; which there are, and which are louder than others, it says beside its data. */

import { spoken } from "./said";

export type State = string;

export function words(state: State): string {
  return spoken(state === "none" ? "not started" : state.replaceAll("_", " "));
}
