/**
 * Takes out of a worker of ELK's what it does not need for graphs like ours: it holds ten algorithms and a modelling
 * framework, 470 kB packed. The body of each function that was not called becomes an error, by which the page knows
 * that it needs the whole worker after all; then goes whatever nothing that is left refers to.
 *
 * The text is what GWT makes: functions, `var`s, and classes, which are a call (number, number of the class above,
 * casts, constructors) and assignments to `_` behind it.
 */

import { parseAst } from "rollup/parseAst";

interface Node {
  type: string;
  start: number;
  end: number;
  [more: string]: unknown;
}

interface Unit {
  nodes: Node[];
  /** Of a class: the number of the one above it. */
  above?: unknown;
}

type Cut = [from: number, to: number];

const THROW = "{absent()}";
const HEAD = "'use strict';\nfunction absent(){throw new Error('This part of ELK was left out.')}\n";

const isNode = (value: unknown): value is Node => typeof (value as Node | null)?.type === "string";

/** What lies directly below a node. */
function below(node: Node): Node[] {
  return Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value])).filter(isNode);
}

const isFunction = (node: Node): boolean => node.type === "FunctionDeclaration" || node.type === "FunctionExpression";
const nameOf = (node: unknown): string => String((node as Node | undefined)?.["name"]);

/** Take the bodies out of functions that were not called, where that makes them shorter. */
function cutBodies(node: Node, called: ReadonlySet<number>, cuts: Cut[]): void {
  const body = node["body"] as Node;
  if (isFunction(node) && !called.has(node.start) && body.end - body.start > THROW.length) {
    cuts.push([body.start, body.end]);
    node["body"] = null;
    return;
  }
  for (const each of below(node)) cutBodies(each, called, cuts);
}

/** The names that a function declares: of what it takes, and in its body. */
function declared(node: Node, into: Set<string>): void {
  if (node.type === "VariableDeclarator") into.add(nameOf(node["id"]));
  if (node.type === "CatchClause") into.add(nameOf(node["param"]));
  if (!isFunction(node)) for (const each of below(node)) declared(each, into);
}

/** The names that a node refers to, but for those of functions around it. */
function referred(node: Node, into: Set<string>, own: ReadonlySet<string> = new Set()): Set<string> {
  if (node.type === "Identifier" && !own.has(nameOf(node))) into.add(nameOf(node));
  let [parts, names] = [below(node), own];
  if (node.type === "MemberExpression" && !node["computed"]) parts = [node["object"] as Node];
  if (node.type === "Property") parts = [node["value"] as Node];
  if (isFunction(node)) {
    const inner = new Set(own);
    for (const each of [...(node["params"] as Node[]), node["id"]]) inner.add(nameOf(each));
    parts = node["body"] ? [node["body"] as Node] : [];
    for (const each of parts) declared(each, inner);
    names = inner;
  }
  for (const each of parts) referred(each, into, names);
  return into;
}

/** The statements of the text, each by what makes it needed. */
class Units {
  readonly always: Unit[] = [];
  private byName = new Map<string, Unit[]>();
  private byNumber = new Map<unknown, Unit>();
  private constants = new Map<string, unknown>();
  private open: Unit | undefined;
  private define: string;

  constructor(statements: readonly Node[]) {
    this.define = mostCalled(statements);
    for (const each of statements) this.note(each);
    for (const each of statements) this.take(each);
  }

  /** What is referred to by name, and the class above. */
  *behind(unit: Unit): Generator<Unit> {
    const above = this.byNumber.get(unit.above);
    if (above) yield above;
    const names = new Set<string>();
    for (const each of unit.nodes) referred(each, names);
    for (const name of names) yield* this.byName.get(name) ?? [];
  }

  private note(statement: Node): void {
    if (statement.type !== "VariableDeclaration") return;
    for (const each of statement["declarations"] as Node[]) {
      const value = each["init"] as Node | null;
      if (value?.type === "Literal") this.constants.set(nameOf(each["id"]), value["value"]);
    }
  }

  private take(statement: Node): void {
    const [unit, does] = [{ nodes: [statement] }, statement["expression"] as Node | undefined];
    if (statement.type === "FunctionDeclaration") this.add(nameOf(statement["id"]), unit);
    else if (statement.type === "VariableDeclaration") this.variable(statement, unit);
    else if (does?.type === "CallExpression" && nameOf(does["callee"]) === this.define) this.class(does, unit);
    else if (this.open && assigns(does) === "_.") this.open.nodes.push(statement);
    else {
      if (assigns(does) === "_") this.open = undefined;
      this.always.push(unit);
    }
  }

  private variable(statement: Node, unit: Unit): void {
    const [first, ...others] = statement["declarations"] as Node[];
    if (first?.["init"] && !others.length) this.add(nameOf(first["id"]), unit);
    else this.always.push(unit);
  }

  private class(call: Node, unit: Unit): void {
    const [number, above, , ...makers] = call["arguments"] as Node[];
    this.open = { ...unit, above: this.valueOf(above) };
    this.byNumber.set(this.valueOf(number), this.open);
    for (const each of makers) this.add(nameOf(each), this.open);
  }

  private valueOf(node: Node | undefined): unknown {
    return node?.type === "Identifier" ? this.constants.get(nameOf(node)) : node?.["value"];
  }

  private add(name: string, unit: Unit): void {
    this.byName.set(name, [...(this.byName.get(name) ?? []), unit]);
  }
}

/** `_` for an assignment to it, `_.` for one to a part of it. */
function assigns(does: Node | undefined): string {
  if (does?.type !== "AssignmentExpression") return "";
  const left = does["left"] as Node;
  return left.type === "MemberExpression" ? `${nameOf(left["object"])}.` : nameOf(left);
}

/** The function that statements call most often is the one that defines classes. */
function mostCalled(statements: readonly Node[]): string {
  const counts = new Map<string, number>();
  for (const each of statements) {
    const does = each["expression"] as Node | undefined;
    if (does?.type === "CallExpression") counts.set(nameOf(does["callee"]), (counts.get(nameOf(does["callee"])) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

function needed(units: Units): Node[] {
  const [found, waiting] = [new Set(units.always), [...units.always]];
  for (let unit = waiting.pop(); unit; unit = waiting.pop()) {
    for (const each of units.behind(unit)) {
      if (found.has(each)) continue;
      found.add(each);
      waiting.push(each);
    }
  }
  return [...found].flatMap((unit) => unit.nodes).sort((a, b) => a.start - b.start);
}

function written(text: string, node: Node, cuts: readonly Cut[]): string {
  let [out, at] = ["", node.start];
  for (const [from, to] of cuts) {
    if (from < node.start || to > node.end) continue;
    out += text.slice(at, from) + THROW;
    at = to;
  }
  return `${out}${text.slice(at, node.end)}\n`;
}

/** Return the text of a worker with the functions that begin at these places, and what they need. */
export function shrunk(text: string, called: ReadonlySet<number>): string {
  const statements = parseAst(text).body as unknown as Node[];
  const out: string[] = [HEAD];
  const cuts = new Map<Node, Cut[]>();
  for (const each of statements) {
    const its: Cut[] = [];
    cutBodies(each, called, its);
    cuts.set(each, its);
  }
  for (const each of needed(new Units(statements))) out.push(written(text, each, cuts.get(each) ?? []));
  return out.join("");
}
