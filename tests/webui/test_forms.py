"""The trigger form: from a schema to fields, from what was filled in to a conf."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.errors import BadConf
from scheduler.wire import DagSpec, ParamSpec
from webui import forms


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
        ({"type": ["string", "integer"]}, "json", "text"),
        ({"enum": ["a", "b"]}, "string", "text"),
        ({}, "json", "text"),
    ],
)
def test_a_field_fits_its_schema(schema: dict[str, Any], kind: str, input_type: str) -> None:
    [field] = forms.fields(_dag(_param(schema)), {})
    assert (field.kind, field.input_type) == (kind, input_type)


@pytest.mark.parametrize(
    ("default", "kind"), [("plain", "string"), (True, "boolean"), (7, "json"), ([], "json")]
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
    ],
)
def test_what_was_filled_in_has_the_type_of_its_schema(
    schema: dict[str, Any], raw: str, value: object
) -> None:
    conf, [field] = forms.read(_dag(_param(schema)), {"param.p": raw})
    assert conf == {"p": value}
    assert not field.problem


def test_an_empty_field_of_a_param_that_may_be_null_says_nothing() -> None:
    conf, _ = forms.read(_dag(_param({"type": ["null", "integer"]})), {"param.p": ""})
    assert conf == {}


def test_a_wrong_field_keeps_what_was_typed() -> None:
    _, [field] = forms.read(_dag(_param({"type": "integer"}, 1)), {"param.p": "many"})
    assert (field.text, field.problem) == ("many", "'many' is not a whole number.")


def test_fields_win_over_the_json_beside_them() -> None:
    conf, _ = forms.read(_dag(_param({"type": "integer"}, 1)), {"param.p": "3", "extra": '{"p": 2, "q": 4}'})
    assert conf == {"p": 3, "q": 4}


@pytest.mark.parametrize("extra", ["{", "[]", "1", "NaN"])
def test_a_conf_is_a_json_object(extra: str) -> None:
    with pytest.raises(BadConf):
        forms.read(_dag(), {"extra": extra})


def test_an_instant_is_shown_by_the_clock_of_utc_and_read_back_as_one() -> None:
    dag = _dag(_param({"type": "string", "format": "date-time"}, "2026-11-21T12:00:00+02:00"))
    [field] = forms.fields(dag, {})
    assert (field.kind, field.input_type, field.text) == ("moment", "datetime-local", "2026-11-21T10:00:00")
    assert forms.read(dag, {"param.p": field.text})[0] == {}
    assert forms.read(dag, {"param.p": "2026-11-22T10:00"})[0] == {"p": "2026-11-22T10:00:00+00:00"}
    assert forms.read(dag, {"param.p": "soon"})[1][0].problem == "'soon' is no date with a time."


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
