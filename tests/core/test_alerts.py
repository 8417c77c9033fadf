"""What alert rules decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.alert_rules import ALWAYS, AlertRule
from scheduler.core.alerts import (
    Marks,
    Step,
    concerns,
    fails_until,
    may_tell_at,
    next_by,
    next_step,
    rules_for,
    too_long_at,
    window_of,
)
from scheduler.wire import DagSpec

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def rule(**fields) -> AlertRule:
    return AlertRule(**{"name": "r", "when": "failure", "to": ("ops",), **fields})


def tell(looks, repeat=0.0):
    """Hold a row of looks (holds, seconds since the last one) against a rule; return what was told, and at which."""
    told, told_at, now = [], None, NOW
    for place, (holds, seconds) in enumerate(looks):
        now += seconds * SECOND
        step = next_step(rule(repeat=repeat), told_at, now, holds=holds)
        if step is not None:
            told.append((place, step))
            told_at = None if step is Step.RECOVERED else now
    return told


LOOKS = st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=60)


@given(LOOKS)
def test_a_firing_is_told_once_when_it_begins_and_once_when_it_is_over(looks):
    held = [False, *(holds for holds, _ in looks)]
    changes = [
        (place, Step.FIRED if now else Step.RECOVERED)
        for place, (before, now) in enumerate(pairwise(held))
        if before != now
    ]
    assert tell(looks) == changes


@given(LOOKS, st.integers(1, 300))
def test_reminders_change_no_other_message_and_are_never_closer_than_asked(looks, repeat):
    told = tell(looks, float(repeat))
    assert [each for each in told if each[1] is not Step.REMINDED] == tell(looks)
    instants = [sum(seconds for _, seconds in looks[: place + 1]) for place, _ in told]
    for (_, step), before, at in zip(told[1:], instants, instants[1:], strict=False):
        assert step is not Step.REMINDED or at - before >= repeat


@given(LOOKS, st.integers(1, 300))
def test_what_lasts_is_told_again_at_the_first_look_after_the_time_has_passed(looks, repeat):
    told = dict(tell(looks, float(repeat)))
    since, now = None, 0
    for place, (holds, seconds) in enumerate(looks):
        now += seconds
        since = None if not holds else now if place in told or since is None else since
        assert since is None or now - since < repeat


def test_each_new_failure_is_told_where_the_rule_asks_for_every_one():
    always = rule(repeat=ALWAYS)
    assert next_step(always, NOW, NOW, holds=True, is_new=True) is Step.REMINDED
    assert next_step(always, NOW, NOW + timedelta(days=9), holds=True) is None
    assert next_step(rule(), NOW, NOW, holds=True, is_new=True) is None


@pytest.mark.parametrize(
    ("fields", "is_chosen"),
    [
        ({}, True),
        ({"dags": ("orders",)}, True),
        ({"dags": ("x", "ord*")}, True),
        ({"dags": ("order",)}, False),
        ({"tags": ("night*",)}, True),
        ({"tags": ("daily",)}, False),
        ({"owners": ("shop",)}, True),
        ({"owners": ("team",)}, False),
        ({"dags": ("orders",), "owners": ("team",)}, False),
    ],
)
def test_a_rule_chooses_dags_by_id_and_tag_and_owner(fields, is_chosen):
    assert concerns(rule(**fields), Marks("orders", "ops, shop", ("nightly", "eu"))) == is_chosen


def ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=each) for each in minutes]


def test_so_many_failures_within_a_window_hold_until_one_too_many_has_left_it():
    three = rule(when="failures", count=3, within=3600.0)
    assert fails_until(three, ago(0, 10), NOW) is None
    assert fails_until(three, ago(0, 10, 59), NOW) == NOW + timedelta(minutes=1)
    assert fails_until(three, ago(0, 10, 60), NOW) is None


@given(st.lists(st.integers(0, 5000), max_size=30), st.integers(2, 5))
def test_the_instant_until_which_it_holds_is_the_last_at_which_the_window_has_so_many(seconds, count):
    window = rule(when="failures", count=count, within=3600.0)
    failed = sorted((NOW - each * SECOND for each in seconds), reverse=True)

    def held(at):
        return sum(at - timedelta(hours=1) < each <= at for each in failed) >= count

    until = fails_until(window, failed[:count], NOW)
    assert (until is not None) == held(NOW)
    assert until is None or (held(until - SECOND) and not held(until))


def test_usual_is_the_median_or_the_95th_of_a_hundred_and_unknown_below_the_least_sample():
    seconds = [10.0] * 12 + [20.0] * 8
    slow = rule(when="longer_than_usual", factor=2.0)
    assert too_long_at(slow, seconds, NOW) == NOW + 20 * SECOND
    assert too_long_at(rule(when="longer_than_usual", over="p95"), seconds, NOW) == NOW + 40 * SECOND
    assert too_long_at(slow, seconds[:4], NOW) is None
    assert too_long_at(slow, [0.0] * 5, NOW) == NOW + SECOND


BERLIN = {"by": "07:00", "timezone": "Europe/Berlin"}


def test_a_time_of_day_is_that_of_the_zone_on_both_sides_of_a_clock_change():
    late = rule(**BERLIN)
    before = datetime(2026, 10, 24, 5, 0, tzinfo=UTC)
    assert next_by(late, before) == datetime(2026, 10, 25, 6, 0, tzinfo=UTC)
    assert next_by(late, before - SECOND) == before
    assert window_of(late, next_by(late, before)) == (before, datetime(2026, 10, 25, 6, 0, tzinfo=UTC))


@given(
    st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
    st.sampled_from(["00:00", "02:30", "07:00", "23:59"]),
)
def test_the_next_time_of_day_is_later_and_within_little_more_than_a_day(after, timezone, by):
    at = next_by(rule(by=by, timezone=timezone), after)
    assert after < at <= after + timedelta(days=1, hours=2)


def test_quiet_hours_hold_a_message_back_to_their_end():
    night = rule(quiet="22:00-07:00", timezone="Europe/Berlin")
    assert may_tell_at(night, datetime(2026, 11, 21, 20, 59, tzinfo=UTC)) == datetime(
        2026, 11, 21, 20, 59, tzinfo=UTC
    )
    for hour, day in ((21, 21), (23, 21), (5, 22)):
        told = may_tell_at(night, datetime(2026, 11, day, hour, 30, tzinfo=UTC))
        assert told == datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    noon = rule(quiet="11:00-13:00")
    assert may_tell_at(noon, NOW) == NOW + timedelta(hours=1)
    assert may_tell_at(rule(), NOW) == NOW


def test_of_a_dags_own_rules_those_that_only_a_newer_program_can_read_are_left_to_it():
    declared = ({"when": "moon_phase", "to": ["ops"]}, {"when": "failure", "to": ["ops"]})
    spec = DagSpec(dag_id="orders", file="orders.py", alerts=declared)
    chosen = rules_for([rule(name="mine"), rule(name="other", dags=("x",)), rule(when="worker_lost")], spec)
    assert [each.name for each in chosen] == ["mine", "orders:failure"]
