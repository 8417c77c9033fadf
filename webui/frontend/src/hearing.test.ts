import { expect, test } from "vitest";
import { subject } from "./hearing";

test("a page listens for what it shows", () => {
  expect(subject("/")).toBe("");
  expect(subject("/dags")).toBe("");
  expect(subject("/dags/orders/graph")).toBe("dag=orders");
  expect(subject("/dags/orders/runs/manual__2026-11-21T14%3A03%3A11%2B00%3A00/tasks/t")).toBe(
    "dag=orders&run=manual__2026-11-21T14%3A03%3A11%2B00%3A00",
  );
});
