"""What the server checks of a graph, whatever the child that made it has checked."""

from __future__ import annotations

import pytest

from scheduler.errors import (
    BadDag,
    BadId,
    BadName,
    BadParams,
    BadSchedule,
    DagCycle,
    DirigentError,
    DuplicateTask,
)
from scheduler.parsing.checks import check_dag
from scheduler.wire import DagSpec, GroupSpec, MapSpec, ParamSpec, ScheduleSpec, TaskSpec


def task(task_id="a", *upstream, **fields):
    return TaskSpec(task_id=task_id, operator="EmptyOperator", upstream=upstream, **fields)


def dag(**fields):
    return DagSpec(**{"dag_id": "orders", "file": "orders.py", **fields})


GOOD = dag(
    schedule=ScheduleSpec(kind="cron", cron="0 6 * * *"),
    timezone="Europe/Berlin",
    start_date="2026-01-01T00:00:00+00:00",
    params=(
        ParamSpec(name="n", schema={"type": "integer", "minimum": 1}, default=3),
        ParamSpec(name="must_be_given", schema={"type": "string"}, has_default=False),
    ),
    tasks=(task("a"), task("g.b", "a", trigger_rule="all_done")),
    groups=(GroupSpec(group_id="g"),),
)


#: Each of its dimensions alone would do.
CROWD = dag(
    tasks=(task("g.a", group_id="g", mapping=MapSpec(factors=(1_000,))),),
    groups=(GroupSpec(group_id="g", mapping=MapSpec(factors=(1_000, 1_000))),),
)


def test_a_sound_graph_passes():
    check_dag(GOOD)


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        (dag(dag_id="a/b"), BadId, "dag_id 'a/b'"),
        (dag(tasks=(task("../x"),)), BadId, "task_id '../x'"),
        (dag(groups=(GroupSpec(group_id=""),)), BadId, "group_id ''"),
        (dag(tasks=(task("a", "b"), task("b", "a"))), DagCycle, "cycle"),
        (dag(tasks=(task("a"), task("a"))), DuplicateTask, "two tasks named 'a'"),
        (dag(tasks=(task("a", "ghost"),)), BadDag, "'ghost'"),
        (dag(tasks=(task(trigger_rule="all_good"),)), BadDag, "'all_good'"),
        (dag(tasks=(task(weight_rule="heavy"),)), BadDag, "'heavy'"),
        (dag(schedule=ScheduleSpec(kind="cron", cron="61 * * * *")), BadSchedule, "DAG 'orders'.*'61'"),
        (dag(timezone="Mars/Base"), BadSchedule, "'Mars/Base'"),
        (dag(params=(ParamSpec(name="n", schema={"type": "integer"}, default="x"),)), BadParams, "'n'.*'x'"),
        (dag(params=(ParamSpec(name="n", schema={"type": 7}),)), BadParams, "'n'.*schema"),
        (dag(params=(ParamSpec(name="n", schema={"$ref": "file:///etc/hosts"}),)), BadParams, "'n'.*schema"),
        (dag(dagrun_timeout_s=8.64e13), BadDag, "DAG 'orders' has dagrun_timeout=8.64e\\+13"),
        (dag(max_active_runs=2**70), BadDag, "max_active_runs"),
        (dag(max_active_tasks=-1), BadDag, "max_active_tasks=-1"),
        (dag(tasks=(task(retries=10**30),)), BadDag, "Task 'a' has retries=1e\\+30"),
        (dag(tasks=(task(pool_slots=-5),)), BadDag, "pool_slots=-5"),
        (dag(tasks=(task(retry_delay_s=float("nan")),)), BadDag, "retry_delay=nan"),
        (dag(tasks=(task(execution_timeout_s=1e300),)), BadDag, "execution_timeout"),
        (dag(tasks=(task(queue="q" * 3000),)), BadName, "queue 'qqq"),
        (dag(tasks=(task(pool="a\0b"),)), BadName, "pool 'a"),
        (dag(tags=("t" * 3000,)), BadName, "tag 'ttt"),
        (
            CROWD,
            BadDag,
            "Task 'g.a' has 1,000,000,000 instances .1,000,000 of g times 1,000 of g.a., and 100,000",
        ),
    ],
)
def test_what_cannot_work_is_named(spec, error, words):
    with pytest.raises(error, match=words) as caught:
        check_dag(spec)
    assert isinstance(caught.value, DirigentError)


def test_a_date_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="2026-01-01T00:00:00"):
        check_dag(dag(start_date="2026-01-01T00:00:00"))


def test_five_thousand_tasks_pass():
    check_dag(dag(tasks=(task("t0"), *(task(f"t{at}", f"t{at - 1}") for at in range(1, 5_000)))))
