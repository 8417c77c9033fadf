"""ExternalTaskSensor: which states of another DAG it waits for, and for which date."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from scheduler import ExternalTaskSensor
from scheduler.errors import BadDag
from scheduler.sdk.xcom import decode
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import NOW, attempt

TASKS = {"load": [], "in.a": ["in"], "in.deep.b": ["in.deep", "in"]}


@dataclass
class Others(LocalChannel):
    """The channel of a server that has another DAG, `other`."""

    tasks: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__("d", {}, {})

    def states_of_runs(self, dag_id: str, logical_date: str) -> dict[str, str]:
        self.asked.append(logical_date)
        return self.runs

    def task_states(self, dag_id: str, **asked: Any) -> dict[str, str]:
        self.asked.append(asked["logical_date"])
        return {
            each: state for each, state in self.tasks.items() if each.partition("[")[0] in asked["task_ids"]
        }

    def tasks_of_dag(self, dag_id: str) -> dict[str, list[str]] | None:
        return TASKS if dag_id == "other" else None


def look(dag, others, **arguments):
    ExternalTaskSensor("a", **{"external_dag_id": "other", "mode": "reschedule", **arguments})
    return attempt(dag, others)


@pytest.mark.parametrize(
    ("runs", "state"),
    [
        ({}, "reschedule"),
        ({"r": "running"}, "reschedule"),
        ({"r": "success"}, "success"),
        ({"r": "failed"}, "reschedule"),
    ],
)
def test_it_waits_for_the_run_of_the_same_date(dag, runs, state):
    others = Others(runs=runs)
    assert look(dag, others).state == state
    assert others.asked == [NOW.isoformat()]


@pytest.mark.parametrize(
    ("tasks", "arguments", "state"),
    [
        ({"load": "success"}, {"external_task_id": "load"}, "success"),
        ({"load": "running"}, {"external_task_id": "load"}, "reschedule"),
        ({}, {"external_task_id": "load"}, "reschedule"),
        ({"load": "skipped"}, {"external_task_id": "load", "allowed_states": ["skipped"]}, "success"),
        ({"load": "failed"}, {"external_task_id": "load", "failed_states": ["failed"]}, "failed"),
        (
            {"load": "failed"},
            {"external_task_id": "load", "failed_states": ["failed"], "soft_fail": True},
            "skipped",
        ),
        ({"load": "skipped"}, {"external_task_id": "load", "skipped_states": ["skipped"]}, "skipped"),
        ({"load": "success", "in.a": "running"}, {"external_task_ids": ["load", "in.a"]}, "reschedule"),
        ({"load": "success", "in.a": "success"}, {"external_task_ids": ["load", "in.a"]}, "success"),
        ({"in.a": "success"}, {"external_task_group_id": "in"}, "reschedule"),
        ({"in.a": "success", "in.deep.b": "success"}, {"external_task_group_id": "in"}, "success"),
        (
            {"in.deep.b[0]": "success", "in.deep.b[1]": "none"},
            {"external_task_id": "in.deep.b"},
            "reschedule",
        ),
        (
            {"in.deep.b[0]": "success", "in.deep.b[1]": "success"},
            {"external_task_id": "in.deep.b"},
            "success",
        ),
    ],
)
def test_it_waits_for_tasks_and_groups(dag, tasks, arguments, state):
    assert look(dag, Others(tasks=tasks), **arguments).state == state


@pytest.mark.parametrize(
    ("arguments", "dates"),
    [
        ({"execution_delta": timedelta(hours=1)}, [NOW - timedelta(hours=1)]),
        ({"execution_date_fn": lambda date: date + timedelta(days=1)}, [NOW + timedelta(days=1)]),
        (
            {"execution_date_fn": lambda date, ti: [date, date - timedelta(days=ti.try_number)]},
            [NOW, NOW - timedelta(days=1)],
        ),
        ({"execution_date_fn": lambda date, **context: context["logical_date"]}, [NOW]),
    ],
)
def test_the_other_date_may_be_another(dag, arguments, dates):
    others = Others(runs={"r": "success"})
    assert look(dag, others, **arguments).state == "success"
    assert others.asked == [each.isoformat() for each in dates]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"external_dag_id": "ohter"}, "There is no DAG 'ohter'"),
        ({"external_task_id": "laod"}, "DAG 'other' has no task 'laod'; it has in.a, in.deep.b, load"),
        ({"external_task_group_id": "out"}, "has no task group 'out'"),
    ],
)
def test_what_does_not_exist_fails_at_once_where_that_was_asked(dag, arguments, words):
    outcome = look(dag, Others(), check_existence=True, **arguments)
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert words in outcome.reason


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"external_task_id": "a", "external_task_ids": ["b"]}, "choose one"),
        ({"external_task_ids": "load"}, "give a list of task_ids"),
        ({"execution_delta": timedelta(1), "execution_date_fn": min}, "choose one"),
        ({"allowed_states": ["skipped"]}, "allowed_states='skipped'"),
        ({"external_task_id": "a", "allowed_states": ["suces"]}, "did you mean 'success'?"),
        ({"failed_states": ["success"]}, "'success' stands in more than one"),
    ],
)
def test_what_cannot_work_is_refused(dag, arguments, words):
    with pytest.raises(BadDag) as refused:
        ExternalTaskSensor("a", **{"external_dag_id": "other", **arguments})
    assert words in str(refused.value)


def test_deferrable_a_trigger_looks_in_its_place(dag):
    outcome = look(dag, Others(), external_task_group_id="in", failed_states=["failed"], deferrable=True)
    assert outcome.state == "deferred"
    kwargs = decode(outcome.deferral.kwargs)
    assert (kwargs["external_task_ids"], kwargs["logical_dates"]) == (["in.a", "in.deep.b"], [NOW])


@pytest.mark.parametrize(
    ("status", "soft_fail", "state"),
    [
        ("success", False, "success"),
        ("failed", False, "failed"),
        ("failed", True, "skipped"),
        ("skipped", False, "skipped"),
    ],
)
def test_after_its_wait_it_ends_as_the_states_demand(dag, status, soft_fail, state):
    resume = {"kind": "event", "kwargs": {}, "event": {"status": status}, "method": "go_on"}
    arguments: dict[str, Any] = {
        "failed_states": ["failed"],
        "skipped_states": ["skipped"],
        "external_task_id": "load",
    }
    ExternalTaskSensor("a", external_dag_id="other", deferrable=True, soft_fail=soft_fail, **arguments)
    assert attempt(dag, Others(), resume=resume).state == state
