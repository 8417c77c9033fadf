"""Watchers of assets: one worker watches each trigger once, and what it tells are events of the assets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.dispatch.asset_watching import AssetWatching
from scheduler.operations.pause import set_paused
from scheduler.runtime.waits import Waited
from scheduler.store.asset_history import list_events
from scheduler.store.asset_watches import put_watchers, watchers_of
from scheduler.store.tables import asset_watch
from scheduler.store.workers import register_worker
from scheduler.wire import ScheduleSpec
from tests.dispatch.test_waiter import Watching
from tests.dispatch.test_worker import PLAN
from tests.loop.engine import Engine, spec, task

TRIGGER = {"name": "bell", "trigger": "t.Bell", "kwargs": {"n": 1}}
FLAG = {"asset": "flag", "uri": "flag", "group": "asset", "extra": {}, "watchers": [TRIGGER]}
BELL = {**FLAG, "asset": "bell", "uri": "bell"}


@pytest.fixture
def shop(db):
    """Two DAGs that wait for assets which name the same trigger, and a worker that lives."""
    engine = Engine(db)
    for dag_id, asset in (("one", FLAG), ("two", BELL)):
        engine.define(spec(task("a"), dag_id=dag_id, schedule=ScheduleSpec(assets=asset)))
    with db.write() as session:
        put_watchers(session, [each[0] for each in engine.specs.values()])
        _live(session, "w1")
    return engine


def _live(session, name, lease_s=60.0):
    register_worker(
        session, SystemClock().now(), worker_id=name, hostname=name, pid=1, queues=("default",), slots=1,
        version="", lease_s=lease_s,
    )  # fmt: skip


def watching_of(db, name="w1"):
    seen = Watching()
    code = lambda trigger, snapshot_id, version_id: (str(Path("/code")), "shop.py")  # noqa: E731
    made = AssetWatching(db, replace(PLAN, worker_id=name), SystemClock(), lambda: seen, code)
    made.look_after()
    return made, seen


def names(db):
    with db.read() as session:
        return [
            (each.name, each.extra.get("payload"), each.actor)
            for each in list_events(session, ascending=True)
        ]


def test_a_trigger_is_watched_once_and_each_event_is_one_of_all_assets_that_name_it(db, shop):
    made, seen = watching_of(db)
    wait = seen.asked.get(timeout=30)
    assert seen.asked.empty()
    assert (wait.trigger, wait.kwargs, wait.is_lasting, wait.code_root, wait.file) == (
        "t.Bell", {"n": 1}, True, "/code", "shop.py",
    )  # fmt: skip
    made.take([Waited(id=wait.id, kind="event", event=each, goes_on=True) for each in (1, 2)])
    assert names(db) == [
        ("bell", 1, "watcher:bell"), ("flag", 1, "watcher:bell"),
        ("bell", 2, "watcher:bell"), ("flag", 2, "watcher:bell"),
    ]  # fmt: skip
    made.look_after()
    assert seen.asked.empty()


def test_another_worker_watches_it_once_the_first_is_gone(db, shop):
    made, seen = watching_of(db)
    wait = seen.asked.get(timeout=30)
    other, theirs = watching_of(db, "w2")
    assert theirs.asked.empty()
    with db.write() as session:
        _live(session, "w1", lease_s=-1.0)
    other.look_after()
    assert theirs.asked.get(timeout=30).trigger == "t.Bell"
    made.take([Waited(id=wait.id, kind="event", event=1, goes_on=True)])
    assert names(db) == []


def test_one_that_fails_is_tried_again_later_and_says_why(db, shop):
    made, seen = watching_of(db)
    made.take([Waited(id=seen.asked.get(timeout=30).id, kind="error", error="trigger Bell failed: no bell")])
    made.look_after()
    assert seen.asked.empty()
    with db.read() as session:
        (shown,) = watchers_of(session, "flag")
    assert (shown.name, shown.hostname, shown.error) == ("bell", None, "trigger Bell failed: no bell")
    with db.write() as session:
        session.execute(sa.update(asset_watch).values(retry_at=SystemClock().now() - timedelta(seconds=1)))
    made.look_after()
    assert seen.asked.get(timeout=30)


def test_it_is_let_go_when_no_dag_wants_it_and_begun_anew_with_new_code(db, shop):
    made, seen = watching_of(db)
    wait = seen.asked.get(timeout=30)
    db.transact(lambda s: set_paused(s, shop.now, ["two"], is_paused=True, actor="t"))
    made.look_after()
    if not seen.dropped.empty():
        assert seen.dropped.get(timeout=30) == wait.id
        wait = seen.asked.get(timeout=30)
    db.transact(lambda s: set_paused(s, shop.now, ["one"], is_paused=True, actor="t"))
    made.look_after()
    assert seen.dropped.get(timeout=30) == wait.id
    assert seen.asked.empty()
    db.transact(lambda s: set_paused(s, shop.now, ["one"], is_paused=False, actor="t"))
    made.look_after()
    assert seen.asked.get(timeout=30).id == wait.id
    shop.redefine(spec(task("b"), dag_id="one", schedule=ScheduleSpec(assets=FLAG)))
    made.look_after()
    assert seen.dropped.get(timeout=30) == wait.id
    assert seen.asked.get(timeout=30).id == wait.id
