from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.core.states import AttemptState, RunState, TaskState
from scheduler.errors import BadParams, Conflict, NotFound
from scheduler.operations.explain import explain_task
from scheduler.operations.rerun import RerunRequest, preview_rerun, rerun
from scheduler.store import dags
from scheduler.store.attempts import Ending, end_attempts, lock_live_attempts
from scheduler.store.runs import flag_runs
from scheduler.store.scheduled import Wanted, scheduled_tasks
from scheduler.store.tables import attempt, dag_run, event, task_instance
from scheduler.store.tasks import move_tasks, tasks_named
from scheduler.store.xcoms import XComRow, get_xcom, put_xcoms
from scheduler.wire import ParamSpec, TaskSpec
from tests.operations.plays import run_of, started_run, states_of
from tests.store.specs import NOW, add_dag, spec

BROKEN = {"a": "success", "b": "failed", "c": "upstream_failed"}
WHOLE = RerunRequest(dag_id="shop", run_id="r1")


@pytest.fixture
def broken(write):
    """A run that has failed: a succeeded, b failed, c could not run."""
    return write(started_run, states=BROKEN, ended="failed")


def _rerun(write, **changes):
    return write(rerun, NOW, replace(WHOLE, **changes), actor="user:ada")


def _names(preview):
    return [each.task_id for each in preview.tasks]


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({}, ["a", "b", "c"]),
        ({"only_failed": True}, ["b", "c"]),
        ({"tasks": ("a",)}, ["a"]),
        ({"tasks": ("b",), "downstream": True}, ["b", "c"]),
        ({"tasks": ("b",), "upstream": True}, ["a", "b"]),
        ({"tasks": ("b",), "upstream": True, "downstream": True}, ["a", "b", "c"]),
        ({"tasks": ("a",), "downstream": True, "only_failed": True}, ["b", "c"]),
        ({"tasks": (TaskKey("c"), "a")}, ["a", "c"]),
    ],
)
def test_what_is_previewed_is_what_is_cleared(db, write, broken, changes, chosen):
    with db.read() as session:
        preview = preview_rerun(session, replace(WHOLE, **changes))
    assert _names(preview) == chosen
    assert _rerun(write, **changes) == preview
    states = states_of(db, broken)
    assert {task_id for task_id, state in states.items() if state == "none"} == set(chosen)
    assert {task_id: state for task_id, state in states.items() if task_id not in chosen} == {
        task_id: state for task_id, state in BROKEN.items() if task_id not in chosen
    }


def test_a_preview_changes_nothing(db, broken):
    with db.count() as count, db.read() as session:
        preview_rerun(session, WHOLE)
    assert count.commits == 0
    assert states_of(db, broken) == BROKEN


def test_a_run_that_had_ended_queues_again(db, write, broken):
    _rerun(write, only_failed=True)
    run = run_of(db, broken)
    assert (run.state, run.end_date, run.reason) == (RunState.QUEUED, None, "rerun by user:ada")


def test_a_run_that_goes_on_is_planned_again_and_keeps_running(db, write):
    ref = write(started_run, states={"a": "success"})
    _rerun(write, tasks=("a",))
    assert run_of(db, ref).state is RunState.RUNNING
    with db.read() as session:
        assert session.scalars(sa.select(dag_run.c.needs_planning)).all() == [True]


def test_a_cleared_task_has_all_its_retries_again_and_goes_on_counting_its_tries(db, write):
    tasks = (TaskSpec(task_id="a", operator="BashOperator", retries=2),)
    write(started_run, spec(tasks=tasks), states={"a": "failed"}, ended="failed")
    _rerun(write)
    with db.read() as session:
        row = session.execute(sa.select(task_instance)).one()
    assert (row.try_number, row.max_tries, row.losses, row.end_date, row.reason) == (1, 4, 0, None, "")
    assert row.changed


def test_what_a_cleared_task_handed_on_is_forgotten(db, write, broken):
    rows = [XComRow(broken.run_pk, task_id, "", "return_value", 1) for task_id in ("a", "b")]
    write(put_xcoms, NOW, rows)
    _rerun(write, only_failed=True)
    with db.read() as session:
        assert get_xcom(session, broken.run_pk, "a", "return_value") == 1
        assert get_xcom(session, broken.run_pk, "b", "return_value") is None


def test_a_queued_attempt_is_cancelled_and_a_running_one_is_asked_to_stop(db, write):
    parallel = tuple(TaskSpec(task_id=name, operator="BashOperator") for name in ("a", "b"))
    ref = write(started_run, spec(tasks=parallel), states={"a": "running", "b": "queued"})
    _rerun(write)
    with db.read() as session:
        rows = session.execute(
            sa.select(attempt.c.state, attempt.c.cancel_reason).order_by(attempt.c.id)
        ).all()
    assert rows == [("running", "rerun by user:ada"), ("cancelled", "rerun by user:ada")]
    assert states_of(db, ref) == {"a": "none", "b": "none"}


def test_a_task_that_was_cleared_while_it_ran_waits_until_its_attempt_has_stopped(db, write):
    ref = write(started_run, states={"a": "running"})
    _rerun(write, tasks=("a",))
    (task,) = write(move_tasks, NOW, _ids(write, ref, "a"), TaskState.SCHEDULED, values={"scheduled_at": NOW})
    wanted = Wanted(queues=["default"], limit=10)
    assert write(scheduled_tasks, wanted) == []
    assert write(explain_task, "shop", "r1", "a")[-1] == "Its earlier attempt is still being stopped."
    (live,) = write(lock_live_attempts, ref.run_pk)
    write(end_attempts, [Ending(attempt_id=live.id, state=AttemptState.CANCELLED, end_date=NOW)])
    assert [each.id for each in write(scheduled_tasks, wanted)] == [task.id]


def _ids(write, ref, task_id):
    return [row.id for row in write(tasks_named, ref.run_pk, [task_id])]


def test_every_change_is_an_event_with_its_actor(db, write, broken):
    _rerun(write, tasks=("b",))
    with db.read() as session:
        rows = session.execute(sa.select(event).where(event.c.actor == "user:ada").order_by(event.c.id)).all()
    told = [(row.kind, row.to_state, row.reason) for row in rows if row.to_state != "queued" or row.reason]
    assert ("task.state", "none", "cleared") in told
    assert ("run.state", "queued", "rerun by user:ada") in told


def test_two_people_who_clear_the_same_task_at_once_clear_it_once(db, write, broken):
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: _rerun(write, tasks=("b",)), range(2)))
    assert sorted(len(each.tasks) for each in done) == [0, 1]
    with db.read() as session:
        cleared = sa.select(sa.func.count()).where(event.c.kind == "task.state", event.c.to_state == "none")
        assert session.scalar(cleared) == 1


def test_a_rerun_that_races_with_the_loop_ends_in_one_order_or_the_other(db, write, broken):
    def plan(_):
        write(flag_runs, [broken.run_pk])

    with ThreadPoolExecutor(4) as pool:
        planned = pool.map(plan, range(20))
        cleared = [pool.submit(_rerun, write, tasks=("b",)) for _ in range(4)]
        list(planned)
    assert sum(len(each.result().tasks) for each in cleared) == 1


def test_nothing_to_run_again_is_told(write):
    write(started_run, states={"a": "success"})
    with pytest.raises(Conflict, match="'r1' has nothing to run again: none of the chosen tasks failed"):
        _rerun(write, only_failed=True)


def test_an_unknown_run_or_task_is_told(write, broken):
    with pytest.raises(NotFound, match="There is no task 'z'"):
        _rerun(write, tasks=("z",))
    with pytest.raises(NotFound, match="There is no run 'shop/r9'"):
        write(rerun, NOW, RerunRequest(dag_id="shop", run_id="r9"), actor="")


NEWER = spec(
    code_hash="code-2",
    tasks=(
        TaskSpec(task_id="a", operator="PythonOperator", queue="big", pool="pool-2", priority_weight=5),
        TaskSpec(task_id="b", operator="BashOperator", upstream=("a",), retries=1),
        TaskSpec(task_id="d", operator="PythonOperator", upstream=("b",)),
    ),
)


def test_on_the_code_of_then_the_run_stays_pinned(db, write, broken):
    pinned = run_of(db, broken).version_id
    newer = write(add_dag, NEWER)
    _rerun(write, only_failed=True)
    assert run_of(db, broken).version_id == pinned != newer.id


def test_on_the_code_of_now_tasks_come_and_go_and_the_run_is_pinned_anew(db, write, broken):
    newer = write(add_dag, NEWER)
    preview = _rerun(write, only_failed=True, code="now")
    assert (_names(preview), preview.added, preview.removed) == (["b"], ("d",), ("c",))
    assert preview.is_other_code
    assert run_of(db, broken).version_id == newer.id
    assert states_of(db, broken) == {"a": "success", "b": "none", "c": "removed", "d": "none"}
    with db.read() as session:
        rows = {row.task_id: row for row in session.execute(sa.select(task_instance))}
    assert (rows["a"].queue, rows["a"].pool, rows["b"].operator) == ("big", "pool-2", "BashOperator")
    assert (rows["b"].max_tries, rows["d"].changed) == (3, True)


def test_on_the_code_of_now_a_task_that_waits_for_nothing_any_more_is_planned(db, write):
    write(started_run, states={"a": "running"})
    write(
        add_dag, replace(NEWER, tasks=tuple(TaskSpec(task_id=name, operator="BashOperator") for name in "ac"))
    )
    _rerun(write, tasks=("a",), code="now")
    with db.read() as session:
        query = sa.select(task_instance.c.task_id).where(task_instance.c.changed)
        assert set(session.scalars(query)) == {"a", "c"}


def test_going_back_to_code_that_has_a_removed_task_brings_it_back(db, write, broken):
    write(add_dag, NEWER)
    _rerun(write, only_failed=True, code="now")
    write(add_dag)
    preview = _rerun(write, code="now")
    assert "c" in _names(preview)
    assert preview.removed == ("d",)
    assert states_of(db, broken)["c"] == "none"


def test_the_code_of_now_may_want_params_that_the_run_lacks(write, broken):
    wanting = replace(NEWER, params=(ParamSpec(name="region", schema={"type": "string"}, has_default=False),))
    write(add_dag, wanting)
    with pytest.raises(BadParams, match="Param 'region'"):
        _rerun(write, code="now")


def test_a_retired_dag_has_no_code_of_now(write, broken):
    write(dags.retire_dags, NOW, ["shop"])
    with pytest.raises(Conflict, match="no code of now"):
        _rerun(write, code="now")
    assert _names(_rerun(write, only_failed=True)) == ["b", "c"]
