"""The embedded server is killed in the middle of a run, and started again."""

from __future__ import annotations

import signal

import pytest

from scheduler.store.tickets import waiting_queues
from tests.integration.ledger import KEEPS_LEDGER, counted
from tests.integration.processes import described, marked
from tests.integration.waiting import eventually

pytestmark = pytest.mark.slow

CHAIN = (
    KEEPS_LEDGER
    + """
with DAG("chain", schedule=None):
    @task
    def first():
        note("first began")
        note("first ended")

    @task
    def held():
        note("held began")
        print("holding", flush=True)
        wait_for("gate")
        note("held ended")

    @task
    def beside():
        note("beside began")
        note("beside ended")

    @task
    def last():
        note("last began")
        note("last ended")

    first() >> [held(), beside()] >> last()
"""
)


def test_a_killed_server_leaves_nothing_alive_and_its_successor_finishes_the_run(new_project):
    project = new_project()
    ledger = project.folder / "ledger"
    project.write("chain.py", CHAIN.format(ledger=str(ledger)))
    server = project.start()
    run = project.trigger("chain").until_task("beside", "success").until_task("held", "running")
    eventually(lambda: counted(ledger)["held began"], told=project.told)
    server.kill()
    eventually(lambda: not marked(project.mark), told=lambda: described(marked(project.mark)))

    (ledger.with_name("gate")).touch()
    project.start()
    run.until()
    assert counted(ledger) == {
        "first began": 1,
        "first ended": 1,
        "beside began": 1,
        "beside ended": 1,
        "held began": 2,
        "held ended": 1,
        "last began": 1,
        "last ended": 1,
    }
    lost, again = run.attempts("held")
    assert (lost.state, again.state) == ("lost", "success")
    assert "stopped answering" in lost.reason
    assert "holding" in run.log("held", 0)
    assert (again.try_number, run.task("held").losses) == (2, 1)


def test_what_was_queued_when_the_server_died_runs_after_the_next_start(new_project):
    project = new_project(parallelism="1")
    ledger = project.folder / "ledger"
    text = """
with DAG("wide", schedule=None):
    for number in range(12):
        @task(task_id=f"task_{number}")
        def work(number):
            note(f"{number} began")
            wait_for("gate")
            note(f"{number} ended")

        work(number)
"""
    project.write(
        "wide.py", (KEEPS_LEDGER + text.replace("{", "{{").replace("}", "}}")).format(ledger=str(ledger))
    )
    server = project.start()
    run = project.trigger("wide")
    eventually(lambda: "running" in run.tasks.values() and "queued" in run.tasks.values(), told=project.told)
    server.kill()
    with project.db.read() as session:
        assert waiting_queues(session) == {"default"}
    ledger.with_name("gate").touch()
    project.start()
    run.until()
    ended = {name: count for name, count in counted(ledger).items() if name.endswith("ended")}
    assert ended == {f"{number} ended": 1 for number in range(12)}


STUBBORN = """
import signal

with DAG("stubborn", schedule=None):
    @task
    def stubborn():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note("stubborn began")
        while not pathlib.Path(LEDGER).with_name("gate").exists():
            try:
                time.sleep(0.02)
            except BaseException:
                pass
        note("stubborn ended")

    stubborn()
"""


def test_a_server_that_is_stopped_in_order_hands_back_what_ran_even_what_would_not_stop(new_project):
    project = new_project()
    ledger = project.folder / "ledger"
    project.write("chain.py", CHAIN.format(ledger=str(ledger)))
    project.write("stubborn.py", KEEPS_LEDGER.format(ledger=str(ledger)) + STUBBORN)
    server = project.start()
    runs = [project.trigger("chain"), project.trigger("stubborn")]
    eventually(lambda: {"held began", "stubborn began"} <= set(counted(ledger)), told=project.told)
    assert server.stop(signal.SIGTERM) == 0
    assert not marked(project.mark)
    assert runs[1].tasks == {"stubborn": "queued"}
    ledger.with_name("gate").touch()
    project.start()
    for run in runs:
        run.until()
    assert counted(ledger)["held ended"] == 1
    assert counted(ledger)["stubborn ended"] == 1
