"""Queued runs: the rule of who may start is one for the loop and for whoever asks why one waits."""

from datetime import timedelta

import pytest

from scheduler.core.states import RunState, RunType
from scheduler.operations.trigger import trigger_run
from scheduler.store import dags
from scheduler.store.run_queue import Standing, standing_of, startable_runs
from scheduler.store.runs import find_run, move_runs
from tests.store.specs import NOW, add_dag, spec


@pytest.fixture
def queue(write):
    """Queue a run by its name: queue("r1", hours=1, run_type=RunType.SCHEDULED)."""
    write(add_dag, spec(max_active_runs=2))

    def queue(run_id, hours=0, **options):
        at = NOW + timedelta(hours=hours)
        return write(trigger_run, NOW, "shop", run_id=run_id, logical_date=at, actor="", **options)

    return queue


def standing(write, run_id):
    return write(standing_of, write(find_run, "shop", run_id))


def startable(write):
    return [row.run_id for row in write(startable_runs, 10)]


def test_the_oldest_start_first_as_many_as_there_is_room_for(write, queue):
    for number in (3, 1, 2):
        queue(f"r{number}", hours=number)
    assert sorted(startable(write)) == ["r1", "r2"]
    assert standing(write, "r3") == Standing(False, 3, 0, 2, False)


def test_running_ones_take_room(write, queue):
    ref = queue("r1", hours=1)
    write(move_runs, NOW, [ref.run_pk], RunState.RUNNING)
    queue("r2", hours=2)
    queue("r3", hours=3)
    assert startable(write) == ["r2"]
    assert standing(write, "r2") == Standing(False, 1, 1, 2, True)
    assert standing(write, "r3") == Standing(False, 2, 1, 2, False)


def test_scheduled_runs_of_a_paused_dag_wait_and_take_nobodys_place(write, queue):
    for number in (1, 2):
        queue(f"s{number}", hours=number, run_type=RunType.SCHEDULED)
    queue("m", hours=3)
    write(dags.set_paused, NOW, ["shop"], is_paused=True, actor="")
    assert startable(write) == ["m"]
    assert standing(write, "s1").is_held
    assert not standing(write, "s1").may_start
    assert standing(write, "m") == Standing(False, 1, 0, 2, True)


def test_a_run_that_has_started_stands_in_no_queue(write, queue):
    ref = queue("r1")
    write(move_runs, NOW, [ref.run_pk], RunState.RUNNING)
    assert standing(write, "r1") is None
