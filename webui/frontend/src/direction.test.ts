import { expect, test } from "vitest";
import { html, svg } from "./dom";
import { painted } from "./log/paint";

document.documentElement.dataset["turns"] = "[\\u202a-\\u202e\\u2066-\\u2069]";
const NAME = "x\u202egnp\u2066";
const SHOWN = "x\ufffdgnp\ufffd";

test("what the browser draws of a text turns no reading direction", () => {
  const drawn = html("a", { title: NAME, "aria-label": NAME, href: "/x\u202e", "data-id": NAME }, NAME, svg("text", {}, NAME));
  expect(drawn.textContent).toBe(SHOWN + SHOWN);
  expect([drawn.title, drawn.getAttribute("aria-label")]).toEqual([SHOWN, SHOWN]);
  expect([drawn.getAttribute("href"), drawn.dataset["id"]]).toEqual(["/x\u202e", NAME]);
});

test("a line of a log turns no reading direction, coloured or not, and its addresses stay", () => {
  const line = painted(`\u001b[31m${NAME}\u001b[0m https://shop.example/\u202e`);
  expect(line.textContent).toBe(`${SHOWN} https://shop.example/\ufffd`);
  expect(line.querySelector("a")?.getAttribute("href")).toBe("https://shop.example/\u202e");
});
