import { expect, test } from "vitest";
import { quote } from "./copying";
import { command, read } from "./params";

test.each([
  ["integer", "12", 12],
  ["integer", "1.5", undefined],
  ["number", "1.5", 1.5],
  ["number", "x", undefined],
  ["number", "", null],
  ["string", "", ""],
  ["moment", "2026-11-22T10:00", "2026-11-22T10:00:00+00:00"],
  ["moment", "", null],
  ["json", '{"a": [1]}', { a: [1] }],
  ["json", "{", undefined],
  ["lines", "a\n\nb", ["a", "b"]],
])("a %s field that holds %j means %j", (kind, raw, value) => {
  expect(read(kind, raw, false)).toEqual(value);
});

test("a command line quotes what a shell would read", () => {
  expect(quote("it's; rm -rf")).toBe(`'it'"'"'s; rm -rf'`);
  expect(quote("flights_report")).toBe("flights_report");
});

test("the command line carries only what differs from the defaults", () => {
  document.body.innerHTML = `<form data-params data-dag="flights"><input data-param="day" data-kind="string" data-default='"x"' value="x">
    <input data-param="count" data-kind="integer" data-default="3" value="5"></form>`;
  expect(command(document.querySelector("form")!)).toBe(`dirigent dags trigger flights --conf '{"count":5}'`);
});
