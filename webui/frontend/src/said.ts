/** What the reader is told, in the language of the page: its catalogue says what stands for a text. English has none. */

type Values = Record<string, string | number>;
type Catalogue = { texts: Record<string, string | string[]>; forms: string };

/** None in a worker, and in tests of what it does. */
const root: HTMLElement | undefined = globalThis.document?.documentElement;
const { texts, forms } = await read(root?.dataset["words"]);
const language = root?.lang || "en";
/** Numbers and dates are written as the reader's system does, where it speaks the language of the page. */
export const LOCALE = globalThis.navigator?.language.startsWith(language) ? undefined : language;

async function read(address: string | undefined): Promise<Catalogue> {
  const none = { texts: {}, forms: "" };
  if (!address) return none;
  const answer = await fetch(address).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as Catalogue) : none;
}

function fill(text: string, values: Values): string {
  return text.replace(/%\((\w+)\)s/g, (place, name: string) => String(values[name] ?? place));
}

/** A text in the language of the page, its %(names)s filled in. */
export function spoken(text: string, values: Values = {}): string {
  const known = texts[text];
  return fill(typeof known === "string" && known ? known : text, values);
}

/** The text for so many things; both may name %(num)s. */
export function spokenMany(count: number, one: string, many: string, values: Values = {}): string {
  const form = Number(forms.charAt(count < 100 ? count : 100 + (count % 100)));
  const known = texts[one];
  const text = (Array.isArray(known) && known[form]) || (count === 1 ? one : many);
  return fill(text, { num: number(count), ...values });
}

/** A number as the reader writes it: 1,234. */
export function number(value: number): string {
  return value.toLocaleString(LOCALE);
}

const POINT = language === "en" ? "." : (1.5).toLocaleString(language).charAt(1);

/** A short number with a fraction, as the language of the page writes it: 0.8. */
export function decimal(text: string): string {
  return text.replace(".", POINT);
}
