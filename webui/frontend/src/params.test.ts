import { expect, test } from "vitest";
import { quote } from "./copying";
import { fault } from "./json";
import { command, link, read, startParams } from "./params";

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
  ["any", "500", 500],
  ["any", "all", "all"],
  ["number", "0x10", undefined],
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

const FORM = `<form data-params data-dag="flights"><input type="hidden" name="by" value="form">
  <div class="field"><input id="count" data-param="count" data-kind="integer" data-default="3" value="3"><span data-wrong></span></div>
  <fieldset class="field" data-param="days" data-kind="checks" data-default='["b","a"]' data-values='["a","b",1]'>
    <input type="checkbox" value="a" checked><input type="checkbox" value="b" checked><input type="checkbox" value="1" id="one"></fieldset>
  <input data-param="pin" data-kind="string" data-default='""' data-apart value="1234">
  <div class="field"><textarea data-conf></textarea><span data-wrong></span></div>
  <div class="command"><code></code></div></form>`;

function type(field: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

test("the fields and the JSON are kept in step, and no secret stands in either line", () => {
  document.body.innerHTML = FORM;
  startParams();
  const form = document.querySelector("form")!;
  const area = form.querySelector("textarea")!;
  const count = form.querySelector<HTMLInputElement>("#count")!;
  type(count, "5");
  expect(JSON.parse(area.value)).toEqual({ count: 5 });
  type(area, '{"count": 7, "more": true, "days": [1]}');
  expect(count.value).toBe("7");
  expect(form.querySelector<HTMLInputElement>("#one")!.checked).toBe(true);
  expect(form.querySelector<HTMLInputElement>("[name=by]")!.value).toBe("json");
  type(count, "3");
  expect(JSON.parse(area.value)).toEqual({ more: true, days: [1] });
  expect(link(form, "/t")).toBe(`/t?conf=${encodeURIComponent('{"more":true,"days":[1]}')}`);
  expect(command(form)).not.toContain("1234");
});

test("what a field cannot show is left to the JSON, and said", () => {
  document.body.innerHTML = FORM;
  const area = document.querySelector("textarea")!;
  type(area, '{"count": "all"}');
  expect(command(document.querySelector("form")!)).toContain('{"count":"all"}');
  expect(document.querySelector("#count + [data-wrong]")!.textContent).toContain("the JSON says");
});

test.each([
  ['{"a": x}', "x was not expected, line 1, column 7"],
  ['{\n "a": 1,\n}', "} was not expected, line 3, column 1"],
  ["[1, 2", "it ends too soon, line 1, column 6"],
  ["{} x", "x was not expected, line 1, column 4"],
])("where %j stops being JSON", (text, words) => {
  expect(fault(text)).toBe(words);
});
