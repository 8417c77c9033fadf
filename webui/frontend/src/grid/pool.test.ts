import { beforeEach, expect, test } from "vitest";
import { isMoved, isNew, Pool } from "./pool";

let made = 0;
let pool: Pool;

function make(): HTMLElement {
  made += 1;
  return document.body.appendChild(document.createElement("i"));
}

beforeEach(() => {
  document.body.replaceChildren();
  made = 0;
  pool = new Pool();
});

test("a slot that is drawn again keeps its node; one that is not is taken away", () => {
  const kept = pool.at(1, make).node;
  pool.at(2, make);
  pool.sweep();
  expect(pool.at(1, make).node).toBe(kept);
  pool.sweep();
  expect([...document.body.children]).toEqual([kept]);
  expect(made).toBe(2);
});

test("a cleared pool makes its nodes anew", () => {
  pool.at(1, make);
  pool.clear();
  expect(document.body.children.length).toBe(0);
  expect(isNew(pool.at(1, make), "")).toBe(false);
  expect(made).toBe(2);
});

test("a slot is looked at again where its place or the grid is another, and written where its text is", () => {
  const slot = pool.at(1, make);
  expect([isMoved(slot, 0, 0, 1), isMoved(slot, 0, 0, 1), isMoved(slot, 0, 1, 1), isMoved(slot, 0, 1, 2)]).toEqual([true, false, true, true]);
  expect([isNew(slot, "a"), isNew(slot, "a"), isNew(slot, "b")]).toEqual([true, false, true]);
});
