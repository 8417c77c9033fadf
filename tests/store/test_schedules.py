"""Which run the schedule of a DAG created last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scheduler.core.timetables import Due
from scheduler.store.origins import DagOrigin, put_origins
from scheduler.store.schedules import last_scheduled
from scheduler.store.snapshots import store_snapshot
from scheduler.store.tables import dag_run
from scheduler.store.versions import store_version
from scheduler.wire import DagSpec

DAY = timedelta(days=1)
MON = datetime(2026, 11, 16, tzinfo=UTC)


def add_run(session, dag_id, run_type, logical_date, run_at, start=None, end=None):
    snapshot_id = store_snapshot(session, {}, MON)
    version = store_version(session, DagSpec(dag_id=dag_id, file="a.py"), snapshot_id, MON)
    session.execute(
        sa.insert(dag_run).values(
            dag_id=dag_id,
            run_id=f"{run_type}__{logical_date}",
            trigger_key=f"{run_type}:{logical_date}",
            run_type=run_type,
            state="success",
            version_id=version.id,
            snapshot_id=snapshot_id,
            logical_date=logical_date,
            data_interval_start=start,
            data_interval_end=end,
            run_after=run_at,
            conf={},
            params={},
            queued_at=run_at,
        )
    )


def test_the_newest_scheduled_run_of_each_dag_is_found_as_it_was_due(db, write):
    for day in range(3):
        start = MON + day * DAY
        write(add_run, "daily", "scheduled", start, start + DAY, start, start + DAY)
    write(add_run, "daily", "manual", MON + 9 * DAY, MON + 9 * DAY)
    write(add_run, "other", "manual", MON, MON)
    write(add_run, "bare", "scheduled", MON, MON)
    newest = MON + 2 * DAY
    with db.read() as session:
        found = last_scheduled(session, ["daily", "other", "bare", "unknown"])
    assert found == {
        "daily": Due(newest + DAY, newest, newest, newest + DAY),
        "bare": Due(MON, MON, MON, MON),
    }


def test_what_ran_elsewhere_counts_until_something_ran_here(write):
    there = Due(MON + DAY, MON, MON, MON + DAY)
    write(put_origins, [DagOrigin(dag_id="moved", last=there), DagOrigin(dag_id="asked", is_paused=True)])
    assert write(last_scheduled, ["moved", "asked"]) == {"moved": there}
    write(add_run, "moved", "scheduled", MON - DAY, MON - DAY)
    assert write(last_scheduled, ["moved"]) == {"moved": there}
    write(add_run, "moved", "scheduled", MON + DAY, MON + DAY)
    assert write(last_scheduled, ["moved"])["moved"].run_at == MON + DAY


def test_no_dags_ask_nothing(db):
    with db.count() as count, db.read() as session:
        assert last_scheduled(session, []) == {}
    assert not [text for text in count.statements if "dag_run" in text]
