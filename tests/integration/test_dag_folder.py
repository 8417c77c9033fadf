"""What happens in the DAG folder reaches a running server by itself."""

from __future__ import annotations

from scheduler.clock import SystemClock
from scheduler.operations.cancel import cancel_run
from tests.integration.waiting import eventually

#: What the issue promises for a file that is dropped, on an idle machine; here others run beside it.
SEEN_WITHIN_S = 10.0


def one_task(dag_id: str, body: str) -> str:
    return f"""
from scheduler import DAG, task

with DAG({dag_id!r}, schedule=None):
    @task
    def work():
        {body}

    work()
"""


def test_a_dropped_file_shows_its_dag_and_a_deleted_one_retires_it(embedded):
    file = embedded.write("dropped.py", one_task("dropped", "print('here')"))
    eventually(lambda: embedded.record.dag("dropped"), within=SEEN_WITHIN_S, told=embedded.told)
    run = embedded.trigger("dropped").until()
    file.unlink()
    eventually(lambda: embedded.record.dag("dropped") is None, within=SEEN_WITHIN_S, told=embedded.told)
    assert run.state == "success"


def test_a_broken_file_shows_its_error_while_the_last_good_version_runs(embedded):
    file = embedded.write("breaks.py", one_task("breaks", "print('good')"))
    embedded.trigger("breaks").until()
    embedded.write("breaks.py", one_task("breaks", "print('bad'") + "\n\nthis is not Python")
    errors = eventually(
        lambda: [each for each in embedded.record.import_errors() if each.path == "breaks.py"],
        within=SEEN_WITHIN_S,
    )
    run = embedded.trigger("breaks").until()
    file.unlink()
    assert errors[0].error.type == "SyntaxError"
    assert errors[0].error.lineno
    assert "good" in run.log("work")


def test_a_changed_file_runs_anew_while_a_run_that_is_under_way_keeps_its_code(embedded):
    text = one_task("changing", "print('first')") + (
        "    @task\n    def wait():\n        import pathlib, time\n"
        "        while not pathlib.Path({gate!r}).exists():\n            time.sleep(0.02)\n\n"
        "    @task\n    def after():\n        print('{word}')\n\n    wait() >> after()\n"
    )
    gate = embedded.folder / "changing.gate"
    embedded.write("changing.py", text.format(gate=str(gate), word="old code"))
    old = embedded.trigger("changing").until_task("wait", "running")
    before = embedded.record.dag("changing").version_id
    embedded.write("changing.py", text.format(gate=str(gate), word="new code"))
    eventually(lambda: embedded.record.dag("changing").version_id != before, within=SEEN_WITHIN_S)
    gate.touch()
    new = embedded.trigger("changing").until()
    old.until()
    assert "old code" in old.log("after")
    assert "new code" in new.log("after")


def test_a_dag_of_five_thousand_tasks_is_read_in_started_and_cancelled(embedded):
    embedded.write(
        "wide.py",
        """
        from scheduler import DAG
        from scheduler.operators.empty import EmptyOperator

        with DAG("wide", schedule=None, max_active_tasks=64):
            first = EmptyOperator(task_id="first")
            for number in range(4999):
                first >> EmptyOperator(task_id=f"task_{number}")
        """,
    )
    run = embedded.trigger("wide").until_task("task_0", "success")
    done = embedded.db.transact(
        lambda session: cancel_run(session, SystemClock().now(), "wide", run.run_id, actor="test")
    )
    states = run.until("failed").tasks
    assert done == sum(state != "success" for state in states.values())
    assert len(states) == 5000
    assert set(states.values()) == {"success", "failed", "skipped"}
