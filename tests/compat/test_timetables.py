"""Timetables of files written for Airflow."""

from __future__ import annotations

from datetime import UTC, datetime

from scheduler.runtime.child.own_timetables import next_runs

NOW = datetime(2026, 11, 22, tzinfo=UTC)

WORKDAYS = """\
from datetime import datetime, timedelta, timezone
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

class Workdays(Timetable):
    def infer_manual_data_interval(self, run_after):
        return DataInterval(start=run_after, end=run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction: TimeRestriction):
        if last_automated_data_interval is not None:
            day = last_automated_data_interval.end
        else:
            day = restriction.earliest
        day = SHIFT(day)
        return DagRunInfo.interval(start=day, end=day + timedelta(days=1))

def weekday(day):
    while day.weekday() > 4:
        day = day.add(days=1) if hasattr(day, "add") else day + timedelta(days=1)
    return day

with DAG("orders", timetable=Workdays(), start_date=datetime(2026, 11, 20), catchup=True):
    EmptyOperator(task_id="a")
"""


def test_a_timetable_of_an_old_file_plans_its_runs(load):
    loaded = load(WORKDAYS.replace("SHIFT", "weekday"))
    found = [each.start[:10] for each in next_runs(loaded.dag, loaded.spec, None, NOW)[:4]]
    assert found == ["2026-11-20", "2026-11-23", "2026-11-24", "2026-11-25"]


def test_its_instants_have_the_methods_of_pendulum(load):
    loaded = load(WORKDAYS.replace("SHIFT(day)", "day.add(days=0)"))
    assert len(next_runs(loaded.dag, loaded.spec, None, NOW)) == 50


def test_the_timetables_of_airflow_are_known_by_their_modules(load):
    spec = load(
        """\
        from datetime import datetime, timedelta
        from airflow import DAG
        from airflow.timetables.events import EventsTimetable
        from airflow.timetables.trigger import CronTriggerTimetable, MultipleCronTriggerTimetable
        from dateutil.relativedelta import relativedelta
        every = CronTriggerTimetable("0 1 * * *", timezone="UTC", interval=timedelta(hours=1), run_immediately=True)
        assert every.to_spec().interval_s == 3600
        day = CronTriggerTimetable("0 1 * * *", timezone="UTC", interval=relativedelta(days=1, hours=2))
        assert day.to_spec().interval_s == 26 * 3600
        EventsTimetable(event_dates=[], restrict_to_events=True, description="none")
        DAG("orders", schedule=MultipleCronTriggerTimetable("0 1 * * *", "0 2 * * *", timezone="Asia/Tokyo"))
        """
    ).spec
    assert (spec.schedule.crons, spec.timezone) == (("0 1 * * *", "0 2 * * *"), "Asia/Tokyo")


def test_without_catchup_what_is_overtaken_is_left_out(load):
    text = WORKDAYS.replace("SHIFT", "weekday").replace("catchup=True", "catchup=False")
    loaded = load(text.replace("2026, 11, 20", "2020, 1, 1"))
    found = next_runs(loaded.dag, loaded.spec, None, NOW)
    assert [each.start[:10] for each in found[:3]] == ["2026-11-20", "2026-11-23", "2026-11-24"]
    assert len(found) == 50
