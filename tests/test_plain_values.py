"""Values as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from scheduler.plain_values import plain, read_plain
from scheduler.sdk.xcom import encode


class Colour(Enum):
    RED = 1


@dataclass
class Order:
    price: Decimal
    parts: tuple[int, ...]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
        (Decimal("1.50"), "1.50"),
        ([datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 2)], ["2026-01-01T00:00:00+00:00", "2026-01-02"]),
        (timedelta(minutes=1, microseconds=500_000), 60.5),
        ({1: "one", "__type__": Path("a/b")}, {"1": "one", "__type__": "a/b"}),
        ({(1, 2): {3}}, {"[1, 2]": [3]}),
        (Order(Decimal(2), (1, 2)), {"price": "2", "parts": [1, 2]}),
        (Colour.RED, "RED"),
        (float("nan"), "nan"),
    ],
)
def test_a_value_is_read_without_the_types_that_it_is_kept_with(value: Any, shown: Any) -> None:
    assert plain(encode(value)) == shown


@pytest.mark.parametrize(
    "forged", ["timedelta", "enum", "dict", "dataclass", "custom", "tuple", "unheard-of"]
)
def test_what_a_child_made_up_breaks_nothing(forged: str) -> None:
    for value in (None, 7, [7], {"a": 1}):
        assert plain({"__type__": forged, "value": value}) is not None
    assert plain({"__type__": forged}) == {"__type__": forged}


def test_a_value_that_is_too_deep_stays_as_it_is() -> None:
    value: Any = 1
    for _ in range(5000):
        value = [value]
    assert plain(value) is value


def test_the_beginning_of_a_value_is_read_as_the_text_that_it_is() -> None:
    assert read_plain('{"key": "***", "ro') == '{"key": "***", "ro'
    assert read_plain('{"day": {"__type__": "decimal", "value": "1.50"}}') == {"day": "1.50"}
