"""Listeners of plugins hear what happened, in order and at least once; one that fails is in nobody's way."""

from __future__ import annotations

from threading import Event

import pytest
import sqlalchemy as sa

from scheduler.loop.listening import PATIENCE_S, Lane, Listening
from scheduler.plugins.loading import Call, Listener
from scheduler.store.events import Event as Happened
from scheduler.store.events import append
from scheduler.store.listeners import FILE_BROKEN, begin, errors_of_listeners, keep_position
from scheduler.store.tables import asset, asset_event, dag_file
from tests.loop.engine import spec, task


class Clock:
    """A clock that a test sets."""

    def __init__(self, engine):
        self.engine = engine
        self.seconds = 0.0

    def now(self):
        return self.engine.now

    def monotonic(self):
        return self.seconds


class Ear:
    """A plugin that notes what it hears."""

    def __init__(self, engine):
        self.heard = []
        self.engine = engine
        self.clock = Clock(engine)
        self.fails_at = ""
        self.lane = self.new_lane()
        self.lane.begin()

    def new_lane(self):
        calls = {
            "on_dag_run_running": Call(self.of_run, ("dag_run",)),
            "on_dag_run_success": Call(self.of_run, ("dag_run", "msg")),
            "on_task_instance_running": Call(self.of_task, ("task_instance", "previous_state")),
            "on_task_instance_success": Call(self.of_task, ("task_instance", "previous_state")),
            "on_task_instance_failed": Call(self.of_failure, ("task_instance", "error")),
            "on_asset_event_emitted": Call(self.of_asset, ("asset_event",)),
            "on_new_dag_import_error": Call(self.of_file, ("filename", "stacktrace")),
        }
        return Lane(self.engine.db, self.clock, Listener("ear", calls), Event())

    def hear(self, *what):
        if what[0] == self.fails_at:
            raise ValueError("deaf")
        self.heard.append(what)

    def of_run(self, dag_run, msg=""):
        self.hear(dag_run.dag_id, dag_run.state)

    def of_task(self, task_instance, previous_state):
        self.hear(task_instance.task_id, previous_state, task_instance.state, task_instance.dag_run.run_id)

    def of_failure(self, task_instance, error):
        self.hear(task_instance.task_id, task_instance.state, error)

    def of_asset(self, asset_event):
        self.hear(asset_event.asset.uri, asset_event.extra, asset_event.source_map_index)

    def of_file(self, filename, stacktrace):
        self.hear(filename, stacktrace)

    def error(self):
        with self.engine.db.read() as session:
            return errors_of_listeners(session).get("ear", "")


@pytest.fixture
def ear(engine):
    engine.define(spec(task("a"), task("b", "a")))
    return Ear(engine)


def run_to_end(engine):
    engine.trigger(run_id="r")
    engine.advance()
    while claims := engine.claim():
        engine.report(*claims)
        engine.advance()


WHOLE = [
    ("orders", "running"),
    ("a", "queued", "running", "r"),
    ("a", "running", "success", "r"),
    ("b", "queued", "running", "r"),
    ("b", "running", "success", "r"),
    ("orders", "success"),
]


def test_runs_and_tasks_are_heard_of_in_order_and_once(ear):
    run_to_end(ear.engine)
    ear.lane.tell()
    assert ear.heard == WHOLE
    assert ear.lane.tell() == 0


def test_a_server_that_takes_over_goes_on_where_the_last_one_stood(ear):
    ear.engine.trigger(run_id="r")
    ear.engine.advance()
    ear.lane.tell()
    before = len(ear.heard)
    [claim] = ear.engine.claim()
    lane = ear.new_lane()
    lane.begin()
    lane.tell()
    assert ear.heard[before:] == [("a", "queued", "running", "r")]
    assert claim.task_id == "a"


def test_a_server_that_was_frozen_takes_nobody_back(ear):
    frozen = ear.lane
    run_to_end(ear.engine)
    goes_on = ear.new_lane()
    goes_on.begin()
    ear.clock.seconds += 3600
    frozen_at = ear.engine.db.transact(lambda session: begin(session, ear.engine.now, "ear"))
    goes_on.tell()
    ahead = ear.engine.db.transact(lambda session: begin(session, ear.engine.now, "ear"))
    assert ahead["events"] > frozen_at["events"]
    ear.engine.db.transact(lambda session: keep_position(session, "ear", "events", frozen_at["events"] + 1))
    frozen.tell()
    assert ear.heard == WHOLE * 2
    third = ear.new_lane()
    third.begin()
    assert (third.tell(), ear.heard) == (0, WHOLE * 2)


def test_thousands_of_events_are_heard_of_in_order_by_turns_of_two_servers(ear):
    names = [f"file{number}.py" for number in range(1000)]
    told = [Happened(at=ear.engine.now, kind=FILE_BROKEN, reason=name) for name in names]
    ear.engine.db.transact(lambda session: append(session, told))
    while True:
        lane = ear.new_lane()
        lane.begin()
        if not lane.tell():
            break
    assert [name for name, _ in ear.heard] == names


def test_what_was_before_a_listener_came_is_not_told(engine):
    engine.define(spec(task("a"), task("b", "a")))
    run_to_end(engine)
    ear = Ear(engine)
    assert (ear.lane.tell(), ear.heard) == (0, [])


def test_one_that_raises_is_named_and_hears_the_rest(ear):
    ear.fails_at = "a"
    run_to_end(ear.engine)
    ear.lane.tell()
    assert ear.heard == [each for each in WHOLE if each[0] != "a"]
    assert ear.error() == "on_task_instance_success() raised ValueError: deaf"
    ear.new_lane().begin()
    assert ear.error() == ""


def test_a_failure_is_heard_of_with_its_reason(ear):
    ear.engine.trigger(run_id="r")
    ear.engine.advance()
    [claim] = ear.engine.claim()
    ear.engine.report(claim, state="failed", reason="KeyError: 5")
    ear.lane.tell()
    assert [each for each in ear.heard if each[0] == "a"][-1] == ("a", "failed", "KeyError: 5")


def test_changes_of_assets_and_broken_files_are_heard_of(ear):
    now = ear.engine.now
    with ear.engine.db.write() as session:
        session.execute(sa.insert(asset).values(name="sales", uri="s3://sales", extra={}, updated_at=now))
        values = {
            "name": "sales",
            "at": now,
            "extra": {"rows": 3},
            "dag_id": "orders",
            "task_id": "a",
            "path": "2",
        }
        session.execute(sa.insert(asset_event).values(values))
        broken = {"path": "x.py", "fingerprint": "", "depends_on": {}, "dag_ids": [], "warnings": []}
        session.execute(sa.insert(dag_file).values(parsed_at=now, error_traceback="Traceback: x", **broken))
        append(session, [Happened(at=now, kind=FILE_BROKEN, reason="x.py")])
    ear.lane.tell()
    assert ear.heard == [("x.py", "Traceback: x"), ("s3://sales", {"rows": 3}, 2)]


def test_one_that_hangs_holds_up_its_own_events_alone_and_is_named(engine):
    begun, goes_on, heard = Event(), Event(), Event()

    def hang(dag_run):
        begun.set()
        goes_on.wait(60)

    engine.define(spec(task("a")))
    clock = Clock(engine)
    slow = Listener("slow", {"on_dag_run_running": Call(hang, ("dag_run",))})
    quick = Listener("quick", {"on_dag_run_running": Call(lambda dag_run: heard.set(), ("dag_run",))})
    listening = Listening(engine.db, clock, [slow, quick])
    for lane in listening.lanes:
        lane.begin()
    for lane in listening.lanes:
        lane.start()
    try:
        engine.trigger()
        engine.advance()
        assert begun.wait(20)
        assert heard.wait(20)
        clock.seconds += PATIENCE_S
        for lane in listening.lanes:
            lane.complain()
        with engine.db.read() as session:
            found = errors_of_listeners(session)
        assert found == {
            "slow": "on_dag_run_running() has not returned for 30 s; what happened since waits for it"
        }
    finally:
        goes_on.set()
        listening.close()
