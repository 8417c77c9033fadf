"""What the pages say. The browser's own words are held to the same cases by the front end's tests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.wire import DagSpec, Isolation, ScheduleSpec
from webui import words

_CASES = json.loads((Path(__file__).parent / "words.json").read_text())
_NOW = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "said"), _CASES["span"])
def test_a_duration(seconds: float, said: str) -> None:
    assert words.span(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), _CASES["relative"])
def test_an_instant_seen_from_now(seconds: float, said: str) -> None:
    assert words.relative(_NOW + timedelta(seconds=seconds), _NOW) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-11-21T13:05:00+00:00", "today 13:05"),
        ("2026-11-20T23:59:00+00:00", "yesterday 23:59"),
        ("2026-11-22T00:00:00+00:00", "tomorrow 00:00"),
        ("2026-11-03T01:30:00+00:00", "Nov 3 01:30"),
        ("2025-11-03T01:30:00+00:00", "Nov 3, 2025 01:30"),
        ("2026-11-22T00:30:00+02:00", "today 22:30"),
        ("2026-11-01T00:30:00+02:00", "Oct 31 22:30"),
    ],
)
def test_how_a_person_names_a_run(at: str, said: str) -> None:
    assert words.clock(datetime.fromisoformat(at), _NOW) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (61_000_000, "61 MB"), (1_500_000_000, "1.5 GB")]
)
def test_a_size(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (ScheduleSpec(), "by hand"),
        (ScheduleSpec(kind="once"), "once"),
        (ScheduleSpec(kind="continuous"), "again and again"),
        (ScheduleSpec(kind="cron", cron="5 * * * *"), "every hour, at :05"),
        (ScheduleSpec(kind="cron", cron="@daily"), "every day at 00:00"),
        (ScheduleSpec(kind="cron", cron="5 3 * * *"), "every day at 03:05"),
        (ScheduleSpec(kind="cron_interval", cron="0 6 * * 1-5"), "at 06:00, Monday through Friday"),
        (ScheduleSpec(kind="cron", cron="*/15 * * * *"), "every 15 minutes"),
        (ScheduleSpec(kind="cron", cron="* * * * * */10"), "every 10 seconds"),
        (ScheduleSpec(kind="cron", cron="no cron at all"), "no cron at all"),
        (ScheduleSpec(kind="delta", delta_s=900), "every 15 min"),
    ],
)
def test_a_schedule(schedule: ScheduleSpec, said: str) -> None:
    assert words.schedule(DagSpec(dag_id="d", file="d.py", schedule=schedule)) == said


def test_a_time_zone_is_named_where_it_matters() -> None:
    daily = DagSpec(
        dag_id="d",
        file="d.py",
        timezone="Europe/Berlin",
        schedule=ScheduleSpec(kind="cron", cron="0 2 * * *"),
    )
    assert words.schedule(daily) == "every day at 02:00 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.00 s"),
        (0.42, "0.42 s"),
        (59.9, "59.9 s"),
        (90, "1.50 min"),
        (3600, "1.00 h"),
        (4.5e6, "1,250.0 h"),
    ],
)
def test_an_amount_of_work(seconds: float, said: str) -> None:
    assert words.work(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(None, "—"), (0, "0 %"), (0.0004, "0.04 %"), (0.025, "2.5 %"), (0.404, "40 %"), (1, "100 %")],
)
def test_a_share(share: float | None, said: str) -> None:
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Isolation(mode="fresh"), "in a fresh interpreter"),
        (Isolation(mode="fork", cpus=1), "in a fork, at most 1 core"),
        (
            Isolation(
                mode="fresh",
                python="/opt/bin/python",
                run_as_user="ada",
                memory_bytes=2**30,
                cpus=0.5,
                cpu_s=90,
            ),
            "in /opt/bin/python, as ada, at most 1024 MB and 0.5 cores and 1 min of CPU",
        ),
    ],
)
def test_what_a_task_asks_for(asked: Isolation, said: str) -> None:
    assert words.isolation(asked) == said
