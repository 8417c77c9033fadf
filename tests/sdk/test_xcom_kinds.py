"""Values of other libraries, and of classes that a user tells how to pass, come back as they were."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from scheduler.errors import BadDag, NotSerializable
from scheduler.sdk import serializers
from scheduler.sdk.serializers import register_serializer
from scheduler.sdk.xcom import decode, encode


def passed_on(value):
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


@attrs.define(frozen=True)
class Tin:
    weight: int
    filled: datetime


class Line(BaseModel):
    model_config = ConfigDict(extra="allow")

    number: int = Field(alias="no")
    parts: set[str] = set()

    @field_validator("number")
    @classmethod
    def count(cls, number: int) -> int:
        """Changes what it is given, so that a second validation would show."""
        return number + 1


class Order(BaseModel):
    lines: list[Line]
    at: datetime


Names = RootModel[list[str]]


@dataclass
class Basket:
    tin: Tin
    order: Order


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class Tip(Money):
    pass


def money_of(cents: int) -> Money:
    return Money(cents)


def tip_of(cents: int) -> Tip:
    return Tip(cents)


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(serializers, "_by_class", {})
    monkeypatch.setattr(serializers, "_readers", {})


NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        Tin(3, NOW),
        Order(lines=[Line.model_validate({"no": 1, "parts": {"a"}, "colour": "red"})], at=NOW),
        Basket(Tin(1, NOW), Order(lines=[], at=NOW)),
        Names(["a"]),
    ],
    ids=["attrs", "pydantic", "nested", "root model"],
)
def test_values_made_of_fields_keep_their_class_and_are_not_validated_anew(value):
    returned = passed_on(value)
    assert (returned, type(returned)) == (value, type(value))


@pytest.mark.parametrize(
    "value",
    [
        np.int64(-7),
        np.uint64(2**64 - 1),
        np.float32(1.5),
        np.float64(0.1),
        np.longdouble("1.25"),
        np.bool_(True),
        np.complex128(1 + 2j),
        np.datetime64("2026-11-22T01:02:03.000000001"),
        np.str_("x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_scalar_of_numpy_keeps_its_type(value):
    returned = passed_on(value)
    assert (returned, returned.dtype) == (value, value.dtype)


def test_a_scalar_that_json_lacks_comes_back_as_such():
    assert np.isnan(passed_on(np.float64("nan")))
    assert passed_on(pd.NaT) is pd.NaT


@pytest.mark.parametrize("array", [np.arange(6).reshape(2, 3), np.array([]), np.array(["a", "bc"])])
def test_an_array_keeps_shape_and_type(array):
    returned = passed_on({"deep": [array]})["deep"][0]
    assert returned.dtype == array.dtype
    np.testing.assert_array_equal(returned, array)


def test_a_frame_keeps_columns_types_and_index():
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2026-01-01", "2026-01-02"]), "n": [1, None]}, index=["a", "b"]
    )
    pd.testing.assert_frame_equal(passed_on(frame), frame)


@pytest.mark.parametrize("name", ["n", None, 3])
def test_a_series_keeps_name_and_index(name):
    series = pd.Series([1, 2], index=[10, 20], name=name)
    pd.testing.assert_series_equal(passed_on(series), series)


def test_a_timestamp_is_an_instant():
    assert passed_on(pd.Timestamp("2026-01-01T12:00Z")) == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_an_arrow_table_comes_back_equal():
    table = pa.table({"a": [1, 2], "b": ["x", None]})
    assert passed_on(table).equals(table)


def test_what_is_kept_of_a_frame_says_how_large_it_is():
    kept = encode(pd.DataFrame({"a": [1, 2, 3], "b": 0}))["value"]
    assert (kept["rows"], kept["columns"]) == (3, ["a", "b"])


@pytest.mark.parametrize(
    "value",
    [
        np.array([object()]),
        pd.DataFrame({"a": [object()]}),
        pd.Series([1], name=("a", "b")),
    ],
    ids=["array", "frame", "series"],
)
def test_objects_in_arrays_and_frames_are_refused_in_words(value):
    with pytest.raises(NotSerializable, match=r"cannot be passed between tasks: .* It stands at \['x'\]"):
        encode({"x": value})


def test_a_frame_without_pyarrow_says_what_to_install():
    program = """
import sys
sys.modules["pyarrow"] = sys.modules["fastparquet"] = None
import pandas
from scheduler.sdk.xcom import encode
encode(pandas.DataFrame({"a": [1]}))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "To pass a DataFrame between tasks, install pyarrow" in run.stderr


def test_a_registered_class_and_its_subclasses_are_passed_by_its_functions(registry):
    register_serializer(Money, lambda money: money.cents, money_of)
    assert passed_on([Money(5)])[0].cents == 5
    assert passed_on(Tip(7)).cents == 7


def test_a_reader_is_found_by_importing_its_module(registry, tmp_path, monkeypatch):
    (tmp_path / "coins.py").write_text(
        "from scheduler import register_serializer\n"
        "class Coin:\n"
        "    def __init__(self, cents): self.cents = cents\n"
        "def coin_of(cents): return Coin(cents)\n"
        "register_serializer(Coin, lambda coin: coin.cents, coin_of)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert decode({"__type__": "custom", "value": ["coins:coin_of", 5]}).cents == 5


def test_data_can_call_nothing_but_readers(registry):
    with pytest.raises(NotSerializable, match="'os:system' was not registered as a reader"):
        decode({"__type__": "custom", "value": ["os:system", "true"]})


def test_the_nearest_registered_class_counts(registry):
    register_serializer(Money, lambda money: money.cents, money_of)
    register_serializer(Tip, lambda tip: -tip.cents, tip_of)
    assert passed_on(Tip(7)).cents == -7


def test_a_reader_that_could_not_be_found_again_is_refused(registry):
    with pytest.raises(
        BadDag, match=r"register_serializer\(Money, ...\) needs a reader at the top of a module"
    ):
        register_serializer(Money, lambda money: money.cents, lambda cents: Money(cents))


def test_a_reader_that_is_gone_is_named():
    with pytest.raises(
        NotSerializable,
        match=r"'tests.sdk.test_xcom_kinds' does not hold it. Declare the function that reads it",
    ):
        decode({"__type__": "custom", "value": ["tests.sdk.test_xcom_kinds:gone", 1]})


def test_data_cannot_name_a_class_that_is_no_value():
    with pytest.raises(NotSerializable, match="no dataclass, attrs class, pydantic model or Enum"):
        decode({"__type__": "dataclass", "value": ["subprocess:Popen", {"args": "true"}]})
