"""Which tasks a run took its time for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler.core.critical_path import critical_path

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(**minutes: int) -> dict[str, datetime]:
    return {name: NOON + timedelta(minutes=count) for name, count in minutes.items()}


def test_it_goes_back_from_the_last_end_to_the_upstream_that_ended_last():
    upstream = {"load": ["slow", "fast"], "slow": ["extract"], "fast": ["extract"], "extract": []}
    ends = at(extract=1, fast=2, slow=9, load=10)
    assert critical_path(upstream, ends) == ("extract", "slow", "load")


def test_what_has_not_begun_is_not_on_it():
    assert critical_path({"b": ["a"], "c": ["b"]}, at(a=1, b=3)) == ("a", "b")


def test_a_run_in_which_nothing_began_has_none():
    assert critical_path({"a": []}, {}) == ()
