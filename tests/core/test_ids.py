"""Ids that are allowed, and those that Dirigent makes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from scheduler.core import ids
from scheduler.errors import BadId


@pytest.mark.parametrize("value", ["a", "load-2.orders_x", "_hidden", "-x", "9", "x" * 250])
def test_letters_digits_and_three_signs_make_an_id(value):
    assert ids.check_id("task_id", value) == value


@pytest.mark.parametrize("value", ["", ".x", "a/b", "a b", "../x", "x" * 251, "ä", "🎻", "a\n", None, 7])
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(BadId, match="task_id"):
        ids.check_id("task_id", value)


@pytest.mark.parametrize("value", ["manual__2026-11-21T14:03:11.123456+00:00", "a@b~c", "x:1"])
def test_a_run_id_may_hold_instants(value):
    assert ids.check_run_id(value) == value


@pytest.mark.parametrize("value", ["a/b", "..", "a..b", ".x", "a b", "", "x" * 251, "a\n", "%2f"])
def test_a_run_id_never_leaves_its_path(value):
    with pytest.raises(BadId, match="run_id"):
        ids.check_run_id(value)


def test_no_run_is_called_as_all_runs_are():
    with pytest.raises(BadId, match="stands for all runs"):
        ids.check_own_run_id("~")


def test_made_run_ids_carry_their_instant_in_utc_and_are_allowed():
    instant = datetime(2026, 11, 21, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert ids.scheduled_run_id(instant) == "scheduled__2026-11-20T23:30:00+00:00"
    assert ids.manual_run_id(instant.astimezone(UTC)) == "manual__2026-11-20T23:30:00+00:00"
    assert ids.check_run_id(ids.manual_run_id(instant)) == ids.manual_run_id(instant)
    assert ids.schedule_key(instant) == "schedule:2026-11-20T23:30:00+00:00"
