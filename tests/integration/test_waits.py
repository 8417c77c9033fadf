"""Tasks that wait without a slot, in servers of their own kind."""

from __future__ import annotations

import pytest

from scheduler.operations.explain import explain_task
from tests.integration.waiting import eventually

WAITS = """
import asyncio
from datetime import timedelta
from pathlib import Path
from scheduler import DAG, BaseOperator, BaseTrigger, TriggerEvent
from scheduler.triggers.temporal import TimeDeltaTrigger


class Appears(BaseTrigger):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def serialize(self):
        return f"{{__name__}}.Appears", {{"path": self.path}}

    async def run(self):
        self.log.info("looking for %s", self.path)
        while not Path(self.path).exists():
            await asyncio.sleep(0.05)
        yield TriggerEvent({{"after": timedelta(days=1)}})


class Wait(BaseOperator):
    def execute(self, context):
        context["ti"].xcom_push("begun", True)
        self.defer(trigger=Appears("{gate}"), method_name="go_on", kwargs={{"word": "open"}})

    def go_on(self, context, event, word):
        print("the gate is", word, event["after"].days)
        self.defer(trigger=TimeDeltaTrigger(timedelta(0)), method_name="end")

    def end(self, context, event):
        print("begun", context["ti"].xcom_pull("wait", key="begun"))
        return event.year


with DAG("{dag_id}", schedule=None):
    Wait(task_id="wait")
"""


def write_waits(project, dag_id):
    gate = project.folder / f"{dag_id}.gate"
    project.write(f"{dag_id}.py", WAITS.format(gate=gate, dag_id=dag_id))
    return gate


def reason_of(project, run):
    """What `dirigent tasks why` prints, asked in this process: it is asked again and again."""
    with project.db.read() as session:
        return "\n".join(explain_task(session, run.row.dag_id, run.run_id, "wait"))


def watched(project, run):
    return eventually(lambda: "watches it" in reason_of(project, run), told=project.told)


def test_a_deferred_task_holds_no_slot_and_goes_on_once_its_trigger_fires(embedded):
    gate = write_waits(embedded, "waits")
    run = embedded.trigger("waits").until_task("wait", "deferred")
    watched(embedded, run)
    why = reason_of(embedded, run)
    assert "It waits for Appears(path=" in why
    assert "without a slot" in why
    gate.touch()
    run.until()
    deferred, resumed, last = run.attempts("wait")
    assert (deferred.state, resumed.state, last.state) == ("deferred", "deferred", "success")
    assert "waits for Appears(" in deferred.reason
    assert "the gate is open 1" in run.log("wait", 1)
    assert "Meanwhile: INFO: looking for" in run.log("wait", 1)
    assert "begun True" in run.log("wait", 2)
    assert "the gate is" not in run.log("wait", 2)


def test_marking_a_deferred_task_stops_its_wait(embedded):
    gate = write_waits(embedded, "marked")
    run = embedded.trigger("marked").until_task("wait", "deferred")
    watched(embedded, run)
    assert embedded.dirigent("tasks", "mark", "marked", run.run_id, "wait", "skipped").returncode == 0
    run.until()
    gate.touch()
    assert embedded.dirigent("tasks", "clear", "marked", run.run_id, "wait").returncode == 0
    run.until_task("wait", "success")
    assert [each.state for each in run.attempts("wait")] == ["deferred", "deferred", "deferred", "success"]


@pytest.mark.slow
def test_waits_of_a_killed_worker_are_watched_by_another(new_project, tables_url, redis_url):
    shop = new_project(
        database_url=tables_url, broker_url=redis_url, secret_key="s" * 44, lease_s="6", heartbeat_s="1"
    )
    gate = write_waits(shop, "moved")
    shop.start("scheduler")
    first = shop.start("worker", "--slots", "1")
    run = shop.trigger("moved").until_task("wait", "deferred")
    watched(shop, run)
    shop.start("worker", "--slots", "1", "--no-waiter")
    first.kill()
    eventually(
        lambda: "no live worker of queue 'default' watches waits" in reason_of(shop, run), told=shop.told
    )
    gate.touch()
    shop.start("worker", "--slots", "1")
    run.until()
    assert [each.state for each in run.attempts("wait")] == ["deferred", "deferred", "success"]
    assert run.task("wait").losses == 0


def test_a_run_of_another_dag_is_waited_for(embedded):
    gate = write_waits(embedded, "first")
    embedded.write(
        "second.py",
        """
        from scheduler import DAG, BaseOperator
        from scheduler.triggers.external_task import DagStateTrigger


        class Follows(BaseOperator):
            def execute(self, context):
                runs = [context["params"]["run"]]
                trigger = DagStateTrigger("first", ["success", "failed"], run_ids=runs, poll_interval=0.2)
                self.defer(trigger=trigger, method_name="after")

            def after(self, context, event):
                print("ended", event[1][context["params"]["run"]])


        with DAG("second", schedule=None, params={"run": ""}):
            Follows(task_id="wait")
        """,
    )
    first = embedded.trigger("first").until_task("wait", "deferred")
    second = embedded.trigger("second", {"run": first.run_id}).until_task("wait", "deferred")
    gate.touch()
    second.until()
    assert "ended success" in second.log("wait")


@pytest.mark.parametrize("place", ["watched.committed", "resumed.open", "resumed.committed"])
def test_a_crash_around_a_wait_costs_nothing(new_project, place):
    shop = new_project()
    write_waits(shop, "edges").touch()
    doomed = shop.start(DIRIGENT_TEST_FAILPOINTS=f"{place}=crash")
    run = shop.trigger("edges")
    eventually(lambda: not doomed.is_running, told=shop.told)
    shop.start()
    run.until()
    assert [each.state for each in run.attempts("wait")] == ["deferred", "deferred", "success"]
