"""Schedules of several crons, of listed instants, with intervals before them; what runs by hand are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.moments import instants_of
from scheduler.core.timetables import Due, check_schedule, following, interval_by_hand, next_due
from scheduler.errors import BadSchedule
from scheduler.wire import DagSpec, ScheduleSpec

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
NOON_AND_FRIDAYS = ScheduleSpec(kind="crons", crons=("0 12 * * *", "0 18 * * fri", "0 12 * * fri"))


def on(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def due(schedule, *, timezone="UTC", start=None, catchup=False, last=None, now=NOW):
    return next_due(schedule, timezone=timezone, start=start, end=None, catchup=catchup, last=last, now=now)


def run_ats(schedule, count, **asked):
    found, last = [], None
    for _ in range(count):
        last = due(schedule, last=last, catchup=True, **asked)
        found.append(last and last.run_at)
        if last is None:
            break
    return found


def test_several_crons_fire_at_the_instants_of_any_and_once_where_they_meet():
    assert run_ats(NOON_AND_FRIDAYS, 4, start=on(19)) == [on(19, 12), on(20, 12), on(20, 18), on(21, 12)]
    assert due(NOON_AND_FRIDAYS, start=on(1)).run_at == on(21, 12)


def test_several_crons_follow_one_clock_on_the_wall_through_its_changes():
    nights = ScheduleSpec(kind="crons", crons=("30 2 * * *", "0 12 * * *"))
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    spring = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 10, tzinfo=UTC)]
    assert run_ats(nights, 2, start=start, timezone="Europe/Berlin") == spring
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    autumn = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 11, tzinfo=UTC)]
    assert run_ats(nights, 2, start=start, timezone="Europe/Berlin") == autumn


def test_listed_instants_come_in_their_order_and_then_none():
    events = ScheduleSpec(
        kind="events", events=tuple(each.isoformat() for each in (on(22), on(20), on(20), on(25)))
    )
    assert run_ats(events, 5, start=on(1)) == [on(20), on(22), on(25), None]
    assert due(events).run_at == on(22)
    assert due(events, start=on(1)).run_at == on(20)
    assert due(events, last=Due(on(25), on(25), on(25), on(25))) is None


def test_an_interval_ends_at_the_instant_and_its_start_is_the_logical_date():
    days = ScheduleSpec(kind="cron", cron="0 6 * * *", interval_s=86400.0)
    first = due(days, start=on(20), catchup=True)
    assert first == Due(on(20, 6), on(19, 6), on(19, 6), on(20, 6))
    assert due(days, catchup=True, last=first) == Due(on(21, 6), on(20, 6), on(20, 6), on(21, 6))


@pytest.mark.parametrize(
    ("late", "run_at"),
    [
        (None, on(21, 15)),
        (3 * 10**9, on(21, 14)),
        (1800.0, on(21, 14)),
        (1799.0, on(21, 15)),
        ("tenth", on(21, 15)),
    ],
)
def test_a_new_dag_without_a_start_may_begin_with_the_newest_instant_that_is_past(late, run_at):
    hours = ScheduleSpec(kind="cron", cron="0 * * * *", late=late)
    assert due(hours).run_at == run_at
    assert due(hours, start=on(23)).run_at == on(23)
    assert due(hours, now=on(21, 14, 5)).run_at == (on(21, 15) if late is None else on(21, 14))


def test_what_a_timetable_of_its_own_planned_comes_one_by_one_or_the_newest_of_it():
    own = DagSpec(dag_id="d", file="d.py", schedule=ScheduleSpec(kind="own"), end_date=on(24).isoformat())
    planned = [Due(each, each, each, each) for each in (on(19), on(20), on(22), on(25))]
    assert following(own, None, NOW) is None
    assert following(own, None, NOW, planned) == planned[1]
    assert following(own, planned[1], NOW, planned) == planned[2]
    assert following(own, planned[2], NOW, planned) is None
    every = DagSpec(dag_id="d", file="d.py", schedule=ScheduleSpec(kind="own"), catchup=True)
    assert following(every, None, NOW, planned) == planned[0]
    assert following(every, planned[0], NOW, planned) == planned[1]


@pytest.mark.parametrize(
    ("schedule", "interval"),
    [
        (ScheduleSpec(kind="cron", cron="0 6 * * *"), (NOW, NOW)),
        (ScheduleSpec(kind="cron", cron="0 6 * * *", interval_s=60.0), (NOW - timedelta(minutes=1), NOW)),
        (ScheduleSpec(kind="cron_interval", cron="0 6 * * *"), (on(20, 6), on(21, 6))),
        (ScheduleSpec(kind="delta_interval", delta_s=7200.0), (on(21, 12), on(21, 14))),
        (ScheduleSpec(), (NOW, NOW)),
    ],
)
def test_a_run_by_hand_is_about_its_instant_or_the_newest_interval_that_has_ended(schedule, interval):
    assert interval_by_hand(DagSpec(dag_id="d", file="d.py", schedule=schedule), NOW) == interval


def test_a_run_by_hand_before_the_first_interval_has_ended_is_about_its_instant():
    days = ScheduleSpec(kind="delta_interval", delta_s=86400.0)
    spec = DagSpec(dag_id="d", file="d.py", schedule=days, start_date=on(21).isoformat())
    assert interval_by_hand(spec, NOW) == (NOW, NOW)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (ScheduleSpec(kind="crons", crons=()), "names none"),
        (ScheduleSpec(kind="crons", crons=("0 6 * * *", "0 99 * * *")), "'99' is no hour"),
        (ScheduleSpec(kind="events", events=("2026-11-21T00:00:00+00:00",) * 10_001), "10,001 instants"),
        (ScheduleSpec(kind="cron", cron="@daily", interval_s=-1.0), "-1.0 seconds"),
        (ScheduleSpec(kind="cron", cron="@daily", interval_s=float("inf")), "inf seconds"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(schedule, said):
    with pytest.raises(BadSchedule, match=said):
        check_schedule(schedule, timezone="UTC")


INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.lists(INSTANTS, min_size=1, max_size=8),
    INSTANTS,
    st.sampled_from(["Europe/Berlin", "America/New_York"]),
)
def test_rows_of_instants_lead_strictly_forward_and_back(listed, now, zone):
    events = ScheduleSpec(kind="events", events=tuple(each.isoformat() for each in listed))
    crons = ScheduleSpec(kind="crons", crons=("30 2 * * *", "*/45 * * * *", "0 0 1 1 *"))
    for schedule in (events, crons):
        row = instants_of(schedule, zone, None)
        after, before = row.next_after(now), row.last_before(now)
        assert after is None or after > now
        assert before is None or before < now
        assert after is None or row.last_before(after + timedelta(microseconds=1)) == after
