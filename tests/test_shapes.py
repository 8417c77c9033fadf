"""Data from children is held against the types that its dataclasses declare."""

from dataclasses import replace
from typing import Any

import pytest

from scheduler.shapes import check_shape
from scheduler.wire import DagSpec, ErrorInfo, GroupSpec, ParamSpec, ParsedFile, ScheduleSpec, TaskSpec

TASK = TaskSpec(task_id="a", operator="EmptyOperator", upstream_labels={"b": "x"}, retry_delay_s=5)
DAG = DagSpec(
    dag_id="orders",
    file="orders.py",
    tasks=(TASK,),
    groups=(GroupSpec(group_id="g"),),
    params=(ParamSpec(name="n"),),
)


def but(item: Any, **fields: Any) -> Any:
    """Return a dataclass with fields of any type."""
    return replace(item, **fields)


def test_what_has_its_types_passes():
    check_shape(ParsedFile(file="orders.py", dags=(DAG,), error=None, opened=("a.csv",)))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (but(TASK, retries="2"), "retries of TaskSpec cannot be '2'"),
        (but(TASK, retries=True), "retries of TaskSpec"),
        (but(TASK, retry_delay_s=float("nan")), "retry_delay_s"),
        (but(TASK, upstream=("a", 5)), "upstream"),
        (but(TASK, upstream_labels={"a": 5}), "upstream_labels"),
        (but(TASK, depends_on_past=1), "depends_on_past"),
        (but(DAG, tasks=({},)), "tasks of DagSpec"),
        (but(DAG, tasks=(but(TASK, queue=None),)), "queue of TaskSpec"),
        (but(DAG, schedule=but(ScheduleSpec(), kind=["cron"])), "kind of ScheduleSpec"),
        (but(DAG, params=(but(ParamSpec(name="n"), schema=True),)), "schema of ParamSpec"),
        (
            ParsedFile(file="x.py", error=but(ErrorInfo(type="x", message=""), message=None)),
            "message of ErrorInfo",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_of_another_type_is_named(item, words):
    with pytest.raises(TypeError, match=words):
        check_shape(item)
