"""The sample plugin counts working days."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "plugins" / "business_days.py"


@pytest.fixture(scope="module")
def days():
    spec = importlib.util.spec_from_file_location("sample_business_days", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("ds", "count", "expected"),
    [
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-23", -1, "2026-11-20"),
        ("2026-11-18", 5, "2026-11-25"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-11-22", 0, "2026-11-22"),
    ],
)
def test_weekends_and_holidays_are_passed_over(days, ds, count, expected):
    assert days.add(ds, count) == expected


def test_it_brings_its_macros(days):
    macros = days.dirigent_macros()
    assert macros["next"]("2026-12-31") == "2027-01-04"
    assert macros["is_one"]("2026-11-22") is False
