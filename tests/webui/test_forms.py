"""The trigger form: from a schema to fields, from what was filled in to a conf."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from scheduler.logs.masking import masked_conf
from scheduler.wire import DagSpec, ParamSpec
from webui import forms
from webui.form_values import read


def _dag(*params: ParamSpec) -> DagSpec:
    return DagSpec(dag_id="d", file="d.py", params=params)


def _param(schema: dict[str, Any], default: Any = None, **more: Any) -> ParamSpec:
    return ParamSpec(name="p", schema=schema, default=default, **more)


@pytest.mark.parametrize(
    ("schema", "kind", "input_type"),
    [
        ({"type": "string"}, "string", "text"),
        ({"type": ["null", "string"], "format": "date"}, "string", "date"),
        ({"type": "integer"}, "integer", "number"),
        ({"type": "boolean"}, "boolean", "text"),
        ({"type": "array", "items": {"type": "string"}}, "lines", "text"),
        ({"type": "array", "items": {"type": "object"}}, "json", "text"),
        ({"type": "array"}, "json", "text"),
        ({"type": "object"}, "json", "text"),
        ({"type": ["string", "integer"]}, "any", "text"),
        ({"type": ["object", "integer"]}, "json", "text"),
        ({"type": "array", "items": {"enum": ["a", 1]}}, "checks", "text"),
        ({"type": "array", "examples": ["a"]}, "checks", "text"),
        ({"type": "string", "format": "time"}, "string", "time"),
        ({"type": "string", "format": "data-url"}, "file", "text"),
        ({"const": 1}, "const", "text"),
        ({"type": ["boolean", "null"]}, "json", "text"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer", "number"),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "string", "text"),
        ({"enum": ["a", "b"]}, "string", "text"),
        ({}, "json", "text"),
    ],
)
def test_a_field_fits_its_schema(schema: dict[str, Any], kind: str, input_type: str) -> None:
    [field] = forms.fields(_dag(_param(schema)), {})
    assert (field.kind, field.input_type) == (kind, input_type)


@pytest.mark.parametrize(
    ("default", "kind"), [("plain", "string"), (True, "boolean"), (7, "json"), ([], "json"), (["a"], "lines")]
)
def test_a_plain_value_is_filled_in_as_what_it_is(default: Any, kind: str) -> None:
    [field] = forms.fields(_dag(_param({}, default)), {})
    assert field.kind == kind


def test_a_param_without_a_default_must_be_given() -> None:
    [field] = forms.fields(_dag(_param({"type": "string"}, has_default=False)), {})
    assert field.is_required


def test_choices_carry_the_authors_words() -> None:
    schema = {"type": "string", "enum": ["AA", "DL"], "values_display": {"AA": "American"}}
    [field] = forms.fields(_dag(_param(schema, "AA")), {})
    assert field.options == (("AA", "American"), ("DL", "DL"))


@pytest.mark.parametrize(
    ("schema", "raw", "value"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "boolean"}, "true", True),
        ({"type": "array", "items": {"type": "string"}}, "a\r\n\r\nb", ["a", "b"]),
        ({"type": "object"}, '{"a": [1]}', {"a": [1]}),
        ({"type": "string", "format": "multiline"}, "a\r\nb", "a\nb"),
        ({"type": ["integer", "string"]}, "500", 500),
        ({"type": ["integer", "string"]}, "all", "all"),
        ({"type": ["integer", "string"]}, "true", "true"),
        ({"type": ["number", "null"], "enum": [1, 2, None]}, "2", 2),
        ({"enum": ["a", 1]}, '"a"', "a"),
        ({"type": "number"}, "5", 5),
        ({"type": ["boolean", "null"]}, "false", False),
    ],
)
def test_what_was_filled_in_has_the_type_of_its_schema(
    schema: dict[str, Any], raw: str, value: object
) -> None:
    filled = read(_dag(_param(schema)), {"param.p": raw})
    assert filled.conf == {"p": value}
    assert filled.is_good


def test_an_empty_field_of_a_param_that_may_be_null_says_nothing() -> None:
    assert read(_dag(_param({"type": ["null", "integer"]})), {"param.p": ""}).conf == {}


def test_a_wrong_field_keeps_what_was_typed() -> None:
    [field] = read(_dag(_param({"type": "integer"}, 1)), {"param.p": "many"}).fields
    assert (field.text, field.problem) == ("many", "'many' is not a whole number.")


def test_fields_win_over_the_json_beside_them() -> None:
    filled = read(_dag(_param({"type": "integer"}, 1)), {"param.p": "3", "conf": '{"p": 2, "q": 4}'})
    assert filled.conf == {"p": 3, "q": 4}


@pytest.mark.parametrize("text", ["{", "[]", "1", "NaN"])
def test_a_conf_is_a_json_object(text: str) -> None:
    filled = read(_dag(), {"conf": text})
    assert filled.problem
    assert filled.text == text


def test_an_instant_is_shown_by_the_clock_of_utc_and_read_back_as_one() -> None:
    dag = _dag(_param({"type": "string", "format": "date-time"}, "2026-11-21T12:00:00+02:00"))
    [field] = forms.fields(dag, {})
    assert (field.kind, field.input_type, field.text) == ("moment", "datetime-local", "2026-11-21T10:00:00")
    assert read(dag, {"param.p": field.text}).conf == {}
    assert read(dag, {"param.p": "2026-11-22T10:00"}).conf == {"p": "2026-11-22T10:00:00+00:00"}
    assert read(dag, {"param.p": "soon"}).fields[0].problem == "'soon' is no date with a time."


def test_what_no_clock_can_show_is_a_plain_text() -> None:
    [field] = forms.fields(_dag(_param({"type": "string", "format": "date-time"}, "{{ ds }}")), {})
    assert (field.kind, field.input_type, field.text) == ("string", "text", "{{ ds }}")


def test_fields_stand_by_section_in_the_order_of_their_first_ones() -> None:
    params = [ParamSpec(name=name, schema={"section": part}) for name, part in ("ax", "by", "cx")]
    found = forms.sections(forms.fields(_dag(*params), {}))
    assert [(part, [each.name for each in fields]) for part, fields in found] == [
        ("x", ["a", "c"]),
        ("y", ["b"]),
    ]


def test_of_several_values_each_has_a_box() -> None:
    dag = _dag(_param({"type": "array", "items": {"enum": ["a", 1, 2]}}, ["a", 2]))
    [field] = forms.fields(dag, {})
    assert [value for value, _ in field.options] == ["a", "1", "2"]
    assert field.chosen == ("a", "2")
    assert read(dag, MultiDict([("param.p", ""), ("param.p", "1")])).conf == {"p": [1]}
    assert read(dag, MultiDict([("param.p", "2"), ("param.p", "a")])).conf == {}
    assert read(dag, {"param.p": ""}).conf == {"p": []}


def test_the_json_counts_where_it_was_touched_last() -> None:
    dag = _dag(_param({"type": "integer"}, 1))
    given = {"param.p": "3", "conf": '{"p": 2, "q": 4}', "by": "json"}
    filled = read(dag, given)
    assert filled.conf == {"p": 2, "q": 4}
    assert filled.fields[0].text == "2"
    assert read(dag, {**given, "conf": '{"p": "two"}'}).fields[0].problem


def test_a_json_that_cannot_be_read_loses_nothing() -> None:
    filled = read(_dag(_param({"type": "integer"}, 1)), {"param.p": "3", "conf": "{", "by": "json"})
    assert (filled.text, filled.fields[0].text) == ("{", "3")
    assert "line 1 column 2" in filled.problem


@pytest.mark.parametrize(
    ("schema", "raw", "sentence"),
    [
        ({"type": "object"}, '{\n"a": x}', "line 2, column 6"),
        ({"type": "integer", "maximum": 5}, "7", "maximum: 5"),
        ({"type": "number"}, "1e999", "not a number"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 1}, "a\nb", "maxItems: 1"),
    ],
)
def test_what_breaks_a_schema_is_told_beside_its_field(
    schema: dict[str, Any], raw: str, sentence: str
) -> None:
    [field] = read(_dag(_param(schema)), {"param.p": raw}).fields
    assert sentence in field.problem
    assert field.text == raw


def test_a_param_that_must_be_given_is_asked_for_beside_its_field() -> None:
    dag = _dag(_param({"type": "string"}, has_default=False))
    assert read(dag, {"param.p": ""}).fields[0].problem == "Give a value."
    assert read(dag, {}).is_good


def test_secrets_and_files_stand_apart_from_what_is_shared() -> None:
    params = [
        ParamSpec(name="word", schema={"type": "string"}, default="a"),
        ParamSpec(name="api_token", schema={"type": "string"}, default=""),
        ParamSpec(name="pin", schema={"type": "string", "format": "password"}, default=""),
        ParamSpec(name="file", schema={"type": ["string", "null"], "format": "data-url"}),
    ]
    given = {f"param.{param.name}": "data:,x" for param in params}
    filled = read(_dag(*params), {**given, "by": "json", "conf": '{"word": "b"}'})
    assert set(filled.conf) == {"word", "api_token", "pin", "file"}
    assert filled.told == {"word": "b"}


def test_a_conf_is_shown_without_secrets_and_with_what_only_sounds_like_one() -> None:
    tokens = ParamSpec(name="max_tokens", schema={"type": "integer"}, default=5)
    secret = ParamSpec(name="pin", schema={"type": "string", "format": "password"}, default="")
    either = ParamSpec(
        name="word", schema={"anyOf": [{"type": "string", "writeOnly": True}, {"type": "null"}]}
    )
    mode = ParamSpec(name="token_mode", schema={"enum": ["a", "b"]}, default="a")
    assert masked_conf({"word": "x", "token_mode": "b"}, [either, mode]) == {"word": "***", "token_mode": "b"}
    given = {"max_tokens": 7, "pin": "1234", "db": {"password": "x", "host": "h"}, "api_key": "k", "n": None}
    assert masked_conf(given, [tokens, secret]) == {
        "max_tokens": 7,
        "pin": "***",
        "db": {"password": "***", "host": "h"},
        "api_key": "***",
        "n": None,
    }


def test_a_constant_is_what_its_author_says() -> None:
    dag = _dag(_param({"const": 5}, has_default=False))
    assert read(dag, {"param.p": "6"}).conf == {"p": 5}
    assert read(_dag(_param({"const": 5}, 5)), {}).conf == {}


def test_html_of_an_author_is_refused_with_a_note() -> None:
    [field] = forms.fields(_dag(_param({"custom_html_form": "<script>"}, "a")), {})
    assert (field.kind, bool(field.note)) == ("string", True)


def test_a_browser_searches_a_pattern_as_a_schema_does() -> None:
    [field] = forms.fields(_dag(_param({"type": "string", "pattern": "^a"}, "abc")), {})
    assert re.fullmatch(field.pattern, "abc")


def test_an_instant_before_the_calendar_of_utc_is_told_beside_its_field() -> None:
    dag = _dag(_param({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z"))
    for given in ({"param.p": "0001-01-01T00:00:00+14:00"}, {"conf": '{"p": "0001-01-01T00:00:00+14:00"}'}):
        assert read(dag, given).fields
