"""Tasks that start other DAGs, or wait for them, in a server."""

from __future__ import annotations

from dataclasses import replace

CHILD = """
import time

from scheduler import DAG, EmptyOperator, FailTask, TaskGroup, result, task

with DAG("asleep", schedule=None, is_paused_upon_creation=True):
    EmptyOperator("never")

with DAG("child", schedule=None, params={"name": "nobody", "breaks": False, "lasts": 0}):
    with TaskGroup("steps"):
        @result
        @task
        def greet(params=None):
            print("hello", params["name"])
            time.sleep(params["lasts"])
            if params["breaks"]:
                raise FailTask("as asked")
            return {"hello", params["name"]}

        greet()
"""
PARENT = """
from scheduler import DAG, ExternalTaskSensor, LatestOnlyOperator, EmptyOperator, TriggerDagRunOperator, XComArg, task

with DAG("parent", schedule=None):
    waits = {"wait_for_completion": True, "poke_interval": 0.1}
    same = {"external_dag_id": "child", "mode": "reschedule", "poke_interval": 0.1, "timeout": 30}
    first = TriggerDagRunOperator(
        "first", trigger_dag_id="child", conf={"name": "{{ run_id }}"}, logical_date="{{ ts }}",
        note="of {{ run_id }}", **waits
    )
    first >> TriggerDagRunOperator("taken", trigger_dag_id="child", logical_date="{{ ts }}")
    first >> TriggerDagRunOperator(
        "skips", trigger_dag_id="child", logical_date="{{ ts }}", skip_when_already_exists=True
    )
    group = ExternalTaskSensor("group", external_task_group_id="steps", check_existence=True, **same)
    again = TriggerDagRunOperator(
        "again", trigger_dag_id="child", logical_date="{{ ts }}", reset_dag_run=True, **waits
    )
    first >> [ExternalTaskSensor("run", **same), group] >> again
    TriggerDagRunOperator("paused", trigger_dag_id="asleep", fail_when_dag_is_paused=True)
    @task
    def told(answer):
        print("it said", sorted(answer))

    told(XComArg(first, key="result"))
    # Long enough to go on when it is first looked at.
    TriggerDagRunOperator("deferred", trigger_dag_id="child", conf={"lasts": 2}, deferrable=True, **waits)
    first >> ExternalTaskSensor("deferred_look", external_task_id="steps.greet", deferrable=True, **same)
    TriggerDagRunOperator("broken", trigger_dag_id="child", conf={"breaks": True}, **waits)
    TriggerDagRunOperator("unknown", trigger_dag_id="chidl")
    LatestOnlyOperator("latest") >> EmptyOperator("newest")
"""


def test_runs_of_another_dag_are_started_waited_for_and_run_again(embedded):
    embedded.write("child.py", CHILD)
    embedded.write("parent.py", PARENT)
    run = embedded.trigger("parent").until("failed")
    assert run.tasks == {
        "first": "success",
        "told": "success",
        "taken": "failed",
        "skips": "skipped",
        "group": "success",
        "run": "success",
        "again": "success",
        "deferred": "success",
        "deferred_look": "success",
        "paused": "failed",
        "broken": "failed",
        "unknown": "failed",
        "latest": "success",
        "newest": "success",
    }
    assert f"it said ['hello', '{run.run_id}']" in run.log("told")
    assert "already exists" in run.attempts("taken")[-1].reason
    assert "is failed, which is one of failed_states" in run.attempts("broken")[-1].reason
    assert "There is no DAG 'chidl'" in run.attempts("unknown")[-1].reason
    assert [each.state for each in run.attempts("deferred")] == ["deferred", "success"]
    runs = {row.triggered_by: row for row in embedded.record.runs("child")}
    assert {name: row.state for name, row in runs.items()} == {
        "task:parent.first": "success",
        "task:parent.deferred": "success",
        "task:parent.broken": "failed",
    }
    assert "DAG 'asleep' is paused" in run.attempts("paused")[-1].reason
    first = runs["task:parent.first"]
    assert first.note == f"of {run.run_id}"
    assert first.conf == {"name": run.run_id}
    # Started once, and once more by "again", which may have found it ended at its first look.
    assert len(replace(run, run_pk=first.id, run_id=first.run_id).attempts("steps.greet")) == 2
