"""What may be passed between tasks comes back as it was; what may not is named."""

from __future__ import annotations

import json
import math
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import NotSerializable, TooLarge
from scheduler.sdk.xcom import decode, encode


class Colour(Enum):
    RED = 1


class Word(StrEnum):
    YES = "yes"


@dataclass
class Point:
    x: int
    when: datetime | None = None
    tags: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Frozen:
    inner: Point


Pair = namedtuple("Pair", "one two")

keys = st.one_of(st.text(), st.integers(), st.tuples(st.integers(), st.text()), st.just("__type__"))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=st.sampled_from([UTC])),
    st.dates(),
    st.timedeltas(),
    st.uuids(),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(keys, inner), st.tuples(inner, inner)),
    max_leaves=20,
)


@given(values)
def test_whatever_can_be_passed_comes_back_equal_and_of_its_type(value):
    returned = decode(json.loads(json.dumps(encode(value))))
    assert returned == value
    assert type(returned) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        frozenset({"a"}),
        (1, (2, "x")),
        Colour.RED,
        Word.YES,
        Point(1, datetime(2026, 1, 1, tzinfo=UTC), {"a"}),
        Frozen(Point(2)),
        time(12, 30),
        date(2026, 1, 1),
        timedelta(days=-1, microseconds=1),
        Decimal("1.10"),
        UUID(int=7),
        b"\x00\xff",
        Path("a/b"),
        math.inf,
        {"__type__": "datetime", "value": "mine"},
        {"__type__": "mine"},
        {(1, 2): "x"},
    ],
)
def test_a_value_keeps_its_type(value):
    returned = decode(json.loads(json.dumps(encode(value))))
    assert (returned, type(returned)) == (value, type(value))


def test_not_a_number_comes_back_as_such():
    assert math.isnan(decode(encode(math.nan)))


def test_an_instant_keeps_its_offset():
    berlin = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert decode(encode(berlin)).isoformat() == "2026-07-01T12:00:00+02:00"


def test_subclasses_of_plain_types_become_those():
    assert decode(encode(OrderedDict(a=1))) == {"a": 1}
    assert decode(encode(Pair(1, 2))) == (1, 2)


def test_the_same_set_always_gives_the_same_text():
    assert json.dumps(encode(set("abcdef"))) == json.dumps(encode(set("fedcba")))


def test_what_cannot_be_passed_is_named_with_its_place_and_a_remedy():
    with pytest.raises(
        NotSerializable,
        match=r"The return value at \['rows'\]\[1\] is of the type fractions.Fraction. .*return the path",
    ):
        encode({"rows": [1, Fraction(1, 2)]}, what="The return value")


def test_a_frame_of_another_library_gets_advice_of_its_own():
    frame = type("DataFrame", (), {"__module__": "polars.dataframe.frame"})()
    with pytest.raises(NotSerializable, match=r"polars.dataframe.frame.DataFrame. Call .to_arrow\(\)"):
        encode(frame)


def test_a_class_inside_a_function_cannot_be_found_again_and_is_refused():
    @dataclass
    class Local:
        x: int

    with pytest.raises(NotSerializable, match="Local"):
        encode(Local(1))


def test_a_value_that_holds_itself_is_refused():
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(NotSerializable, match="refers to itself"):
        encode(loop)


def test_a_value_of_fifty_megabytes_is_too_large():
    with pytest.raises(TooLarge, match=r"keep large data in a file and pass its path\) is 52,428,802 bytes"):
        encode("x" * 50 * 1024 * 1024)


@pytest.mark.parametrize("kind", ["enum", "dataclass"])
@pytest.mark.parametrize(
    "name", ["os:system", "subprocess:Popen", "builtins:dict", "collections:OrderedDict"]
)
def test_data_that_names_something_else_than_a_value_class_is_refused(kind, name):
    with pytest.raises(NotSerializable, match="is no dataclass, attrs class, pydantic model or Enum"):
        decode({"__type__": kind, "value": [name, {}]})


def test_a_class_that_is_not_here_is_named_with_a_remedy():
    with pytest.raises(
        NotSerializable, match="'Order' was passed here, but 'shop_of_elsewhere' does not hold it"
    ):
        decode({"__type__": "dataclass", "value": ["shop_of_elsewhere:Order", {}]})
