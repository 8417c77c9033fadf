"""Runs: created once, moved by their table of states, found and flagged."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.graph import TaskGraph
from scheduler.core.states import RunState, RunType, run_states_before
from scheduler.store import runs
from scheduler.store.events import list_events
from scheduler.store.new_runs import NewRun, create_run, create_runs
from scheduler.store.tables import dag_run
from scheduler.store.tasks import tasks_of_run
from tests.store.specs import NOW, add_dag, spec

HOUR = timedelta(hours=1)


@pytest.fixture
def new(write):
    """A run that is not there yet."""
    version = write(add_dag)
    return NewRun(
        dag_id="shop",
        run_id="r1",
        trigger_key="manual:r1",
        run_type=RunType.MANUAL,
        version_id=version.id,
        snapshot_id=1,
        run_after=NOW,
        conf={},
        params={},
        triggered_by="user:ada",
    )


@pytest.fixture
def create(write, new):
    def create(**changes):
        return write(create_run, NOW, replace(new, **changes), TaskGraph(spec()))

    return create


@pytest.fixture
def find(db):
    def find(run_id="r1"):
        with db.read() as session:
            return runs.find_run(session, "shop", run_id)

    return find


def named(rows):
    return [row.run_id for row in rows]


def test_a_run_begins_queued_with_all_its_tasks_of_which_the_first_are_to_be_looked_at(db, create, find):
    run_pk = create()
    assert find().state is RunState.QUEUED
    with db.read() as session:
        tasks = tasks_of_run(session, run_pk)
        events = [each for _, each in list_events(session, run_pk)]
    assert [task.task_id for task in tasks] == ["a", "b", "c"]
    assert [(each.to_state, each.actor) for each in events] == [("queued", "user:ada")]


@pytest.mark.parametrize("changes", [{"trigger_key": "manual:other"}, {"run_id": "r2"}])
def test_the_second_to_create_a_run_of_one_name_or_one_trigger_creates_nothing(create, changes):
    assert create()
    assert create(**changes) is None


def test_a_run_is_found_by_its_names_and_by_what_triggered_it(db, create, find):
    create()
    with db.read() as session:
        assert runs.find_run_by_key(session, "shop", "manual:r1") == find()
        assert runs.find_run_by_key(session, "shop", "manual:r2") is None
    assert find("r2") is None


def test_a_run_leaves_only_the_states_that_the_table_allows(db, write, create):
    run_pk = create()
    for origin in RunState:
        for to in RunState:
            write(lambda session, at=origin: session.execute(sa.update(dag_run).values(state=at)))
            moved = write(runs.move_runs, NOW, [run_pk], to)
            assert bool(moved) == (origin in run_states_before(to)), (origin, to)


def test_of_two_who_move_a_run_from_one_state_the_second_moves_nothing(write, create):
    run_pk = create()
    first = write(runs.move_runs, NOW, [run_pk], RunState.RUNNING, leaving=[RunState.QUEUED])
    assert named(first) == ["r1"]
    assert write(runs.move_runs, NOW, [run_pk], RunState.RUNNING, leaving=[RunState.QUEUED]) == []


def test_a_run_that_ends_wants_nothing_more(write, create, find):
    run_pk = create()
    write(runs.move_runs, NOW, [run_pk], RunState.RUNNING, values={"timeout_at": NOW + HOUR})
    write(runs.bring_wake_forward, run_pk, NOW + HOUR)
    write(runs.move_runs, NOW, [run_pk], RunState.SUCCESS)
    assert find().end_date == NOW
    assert (find().timeout_at, find().wake_at) == (None, None)
    assert write(runs.take_runs_to_plan, 10) == []


def test_a_running_run_is_planned_when_flagged_and_not_again_until_something_changes(write, create):
    run_pk = create()
    assert write(runs.take_runs_to_plan, 10) == []
    write(runs.move_runs, NOW, [run_pk], RunState.RUNNING)
    assert named(write(runs.take_runs_to_plan, 10)) == ["r1"]
    assert write(runs.take_runs_to_plan, 10) == []
    write(runs.flag_runs, [run_pk])
    assert named(write(runs.take_runs_to_plan, 10)) == ["r1"]


def test_a_run_is_flagged_when_its_instant_comes_and_the_sooner_instant_wins(write, create):
    run_pk = create()
    write(runs.move_runs, NOW, [run_pk], RunState.RUNNING)
    write(runs.take_runs_to_plan, 10)
    write(runs.set_wake, run_pk, NOW + 2 * HOUR)
    write(runs.bring_wake_forward, run_pk, NOW + HOUR)
    write(runs.bring_wake_forward, run_pk, NOW + 3 * HOUR)
    assert write(runs.flag_due_runs, NOW) == 0
    assert write(runs.flag_due_runs, NOW + HOUR) == 1
    assert write(runs.flag_due_runs, NOW + HOUR) == 0


def test_a_run_is_overdue_from_its_timeout_on(write, create):
    run_pk = create()
    write(runs.move_runs, NOW, [run_pk], RunState.RUNNING, values={"timeout_at": NOW + HOUR})
    assert write(runs.overdue_runs, NOW) == []
    assert named(write(runs.overdue_runs, NOW + HOUR)) == ["r1"]


def test_the_runs_before_and_after_one_are_told_by_logical_date(write, create, find):
    for number in (2, 0, 1):
        name = f"r{number}"
        create(run_id=name, trigger_key=name, logical_date=NOW + number * HOUR)
    create(run_id="undated", trigger_key="undated")
    assert write(runs.previous_run, find("r1")).run_id == "r0"
    assert write(runs.later_run, find("r1")).run_id == "r2"
    assert write(runs.previous_run, find("r0")) is None
    assert write(runs.later_run, find("undated")) is None


def test_active_runs_are_counted_a_dag(write, create):
    create()
    ended = create(run_id="r2", trigger_key="r2")
    write(runs.move_runs, NOW, [ended], RunState.RUNNING)
    write(runs.move_runs, NOW, [ended], RunState.FAILED)
    assert write(runs.count_active_runs, ["shop", "other"]) == {"shop": 1}


@pytest.mark.postgres
def test_a_run_that_one_plans_is_passed_over_by_the_other(postgres_db):
    version = postgres_db.transact(add_dag)
    new = NewRun(
        dag_id="shop",
        run_id="r1",
        trigger_key="r1",
        run_type=RunType.MANUAL,
        version_id=version.id,
        snapshot_id=1,
        run_after=NOW,
        conf={},
        params={},
    )
    run_pk = postgres_db.transact(lambda session: create_run(session, NOW, new, TaskGraph(spec())))
    postgres_db.transact(lambda session: runs.move_runs(session, NOW, [run_pk], RunState.RUNNING))
    with postgres_db.write() as first, postgres_db.write() as second:
        assert named(runs.take_runs_to_plan(first, 10)) == ["r1"]
        assert runs.take_runs_to_plan(second, 10) == []


def test_many_runs_are_created_at_once_and_those_that_exist_are_left_out(db, write, new):
    graph = TaskGraph(spec())
    again, other = replace(new), replace(new, run_id="r2", trigger_key="manual:r2")
    first = write(create_run, NOW, new, graph)
    with db.count() as count:
        known, made = write(create_runs, NOW, [(again, graph), (other, graph)])
    assert first is not None
    assert known is None
    assert made is not None
    assert len([text for text in count.statements if "INSERT" in text]) == 3
    assert len(write(tasks_of_run, made)) == len(graph.tasks)
    assert write(create_runs, NOW, []) == []
