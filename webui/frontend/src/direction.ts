/** Marks that turn the reading direction are shown as what cannot be shown. The page says which they are. */

let turns: RegExp | undefined;

export function calm(text: string): string {
  const marks = turns?.source ?? globalThis.document?.documentElement.dataset["turns"];
  if (!marks) return text;
  turns ??= new RegExp(marks, "g");
  return text.replace(turns, "\ufffd");
}
