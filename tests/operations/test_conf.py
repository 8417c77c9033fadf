import json

import pytest

from scheduler.errors import BadConf, BadParams, TooLarge
from scheduler.operations.conf import DEEPEST, LIMIT_BYTES, check_conf, params_of, read_conf
from scheduler.wire import ParamSpec
from tests.store.specs import spec


@pytest.mark.parametrize("text", ["", "  \n", "{}", b"{}"])
def test_nothing_given_is_an_empty_conf(text):
    assert read_conf(text) == {}


def test_a_json_object_is_read():
    assert read_conf('{"day": "tue", "deep": {"list": [1, null]}}') == {
        "day": "tue",
        "deep": {"list": [1, None]},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "must be a JSON object, not an array"),
        ('"x"', "not a string"),
        ("null", "not null"),
        ("7", "not a number"),
        ("true", "not a boolean"),
        ("{day: tue}", "is not JSON"),
        ('{"x": NaN}', "NaN is not a JSON value"),
        (b"\xff\xfe", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_not_a_json_object_is_refused_in_words(text, words):
    with pytest.raises(BadConf, match=words):
        read_conf(text)


def test_a_conf_of_20_mb_is_refused_before_it_is_parsed():
    with pytest.raises(TooLarge, match=r"conf is 20,000,000 bytes; the limit is 1,000,000 bytes"):
        read_conf(b"{" * 20_000_000)


def test_a_conf_given_as_data_is_measured_too():
    with pytest.raises(TooLarge):
        check_conf({"x": "y" * LIMIT_BYTES})
    with pytest.raises(BadConf, match="cannot be stored as JSON"):
        check_conf({"x": object()})


DAY = ParamSpec(name="day", schema={"type": "string", "enum": ["mon", "tue"]}, default="mon")
COUNT = ParamSpec(name="count", schema={"type": "integer", "minimum": 1}, has_default=False)


def test_conf_is_laid_over_the_defaults():
    assert params_of(spec(params=(DAY, COUNT)), {"count": 3, "more": True}) == {
        "day": "mon",
        "count": 3,
        "more": True,
    }


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({"count": 0}, r"Param 'count' cannot be 0: that breaks minimum: 1"),
        ({"count": "many"}, r"Param 'count' cannot be 'many': that breaks type: \"integer\""),
        ({"count": 1, "day": "sun"}, r"Param 'day' cannot be 'sun': that breaks enum"),
        ({}, r"Param 'count' of DAG 'shop' has no default; give it in conf"),
    ],
)
def test_a_broken_rule_is_told_by_param_value_and_rule(conf, words):
    with pytest.raises(BadParams, match=words):
        params_of(spec(params=(DAY, COUNT)), conf)


def test_the_place_inside_a_nested_param_is_told():
    rows = ParamSpec(name="rows", schema={"type": "array", "items": {"type": "integer"}}, default=[])
    with pytest.raises(BadParams, match=r"Param 'rows'\[1\] cannot be 'x'"):
        params_of(spec(params=(rows,)), {"rows": [1, "x"]})


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(BadParams) as caught:
        params_of(spec(params=(DAY,)), {"day": "x" * 10_000})
    assert len(str(caught.value)) < 300


def test_a_format_is_checked():
    date = ParamSpec(name="on", schema={"type": "string", "format": "date"}, default="2026-11-21")
    with pytest.raises(BadParams, match="that breaks format"):
        params_of(spec(params=(date,)), {"on": "yesterday"})


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:9/schema"}, {"pattern": "("}]
)
def test_a_schema_that_cannot_be_used_is_told_and_no_address_is_ever_fetched(schema):
    with pytest.raises(BadParams, match="schema of param 'x' cannot be used"):
        params_of(spec(params=(ParamSpec(name="x", schema=schema, default="v"),)), {})


def test_what_read_conf_returns_is_json():
    assert json.loads(json.dumps(read_conf('{"a": 1}'))) == {"a": 1}


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_a_conf_has_an_end_to_its_depth(opening, closing):
    def deep(levels):
        return f'{{"x": {opening * (levels - 1)}1{closing * (levels - 1)}}}'

    assert read_conf(deep(DEEPEST))
    with pytest.raises(BadConf, match="nested too deeply"):
        read_conf(deep(DEEPEST + 1))
