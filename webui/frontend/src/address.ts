/** What of a view's state the address says beside what the server reads: it can be copied, and going back finds it. */

function put(query: URLSearchParams): void {
  const text = query.toString();
  history.replaceState(history.state, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
}

/** All values of a name; undefined where the address says nothing of it. An empty one says that there is none. */
export function saidAll(name: string): string[] | undefined {
  const query = new URLSearchParams(location.search);
  return query.has(name) ? query.getAll(name).filter(Boolean) : undefined;
}

export function argument(name: string): string {
  return new URLSearchParams(location.search).get(name) ?? "";
}

export function say(name: string, value: string): void {
  const query = new URLSearchParams(location.search);
  if (value) query.set(name, value);
  else query.delete(name);
  put(query);
}

/** Undefined: the address says nothing of it again. */
export function sayAll(name: string, values: Iterable<string> | undefined): void {
  const query = new URLSearchParams(location.search);
  query.delete(name);
  if (values) for (const each of [...values, ...([...values].length ? [] : [""])]) query.append(name, each);
  put(query);
}
