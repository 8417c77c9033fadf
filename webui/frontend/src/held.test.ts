import { beforeEach, expect, test } from "vitest";
import { countNew, hold, startHolding } from "./held";

const list = (...ids: string[]): string =>
  `<table data-holds><tbody>${ids.map((id) => `<tr id="${id}"><td>${id}</td><td></td></tr>`).join("")}</tbody></table>`;

startHolding();
let region: HTMLElement;
beforeEach(() => {
  region = document.createElement("div");
  region.innerHTML = list("b", "a");
  document.body.replaceChildren(region);
});

test("rows above the first known one are new; a list that shares nothing is another list", () => {
  expect(countNew(["d", "c", "b", "a"], new Set(["b", "a"]))).toBe(2);
  expect(countNew(["b", "a"], new Set(["b", "a"]))).toBe(0);
  expect(countNew(["x", "y"], new Set(["b", "a"]))).toBe(0);
});

test("new rows wait behind a line that counts them, and come when it is pressed", () => {
  region.innerHTML = hold(region, list("d", "c", "b", "a"));
  expect(region.querySelector(".new-line")?.textContent).toBe("2 new");
  expect([...region.querySelectorAll("tr[id]:not([hidden])")].map((row) => row.id)).toEqual(["b", "a"]);

  region.querySelector<HTMLElement>("[data-show-held]")?.click();
  expect(region.querySelector(".new-line")).toBeNull();
  expect([...region.querySelectorAll("tr[id]:not([hidden])")].map((row) => row.id)).toEqual(["d", "c", "b", "a"]);
});

test("what waits is counted anew with each answer", () => {
  region.innerHTML = hold(region, list("c", "b", "a"));
  region.innerHTML = hold(region, list("d", "c", "b", "a"));
  expect(region.querySelector(".new-line")?.textContent).toBe("2 new");
});

test("an empty list takes what comes", () => {
  region.innerHTML = "<p>No run</p>";
  expect(hold(region, list("a"))).toBe(list("a"));
});
