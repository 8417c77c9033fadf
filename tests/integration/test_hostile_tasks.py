"""Tasks that misbehave end in a clear state, with a log that says what happened, and harm nobody else."""

from __future__ import annotations

import pytest

from tests.integration.processes import marked
from tests.integration.waiting import eventually
from tests.runtime.processes import command_of


def dag_of(dag_id: str, body: str) -> str:
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    return f"""
import os, subprocess, sys, time
from scheduler import DAG, task

with DAG({dag_id!r}, schedule=None):
    @task
    def work():
{lines}

    work()
"""


@pytest.mark.parametrize(
    ("dag_id", "body", "state", "in_reason", "in_log"),
    [
        ("exits", "print('before')\nos._exit(7)", "failed", "exited with code 7", "before"),
        ("leaves", "sys.exit('enough')", "failed", "enough", "enough"),
        (
            "garbles",
            "raise ValueError('no file ' + os.fsdecode(b'\\xff') + chr(0))",
            "failed",
            "no file",
            "no file",
        ),
        ("mutes", "os.close(1)\nos.close(2)", "success", "", "Ended as success"),
        ("binary", "os.write(1, bytes(range(256)) * 4)", "success", "", "Ended as success"),
        (
            "chatters",
            "for number in range(60_000):\n    print('x' * 500)",
            "success",
            "",
            "Ended as success",
        ),
    ],
    ids=["exits", "leaves", "garbles", "mutes", "binary", "chatters"],
)
def test_a_task_that_misbehaves_ends_in_a_clear_state(embedded, dag_id, body, state, in_reason, in_log):
    embedded.write(f"{dag_id}.py", dag_of(dag_id, body))
    run = embedded.trigger(dag_id).until(state)
    assert in_reason in run.task("work").reason
    tail = run.tail("work")
    assert in_log in tail
    assert "of CPU" in tail
    assert "MB of memory at most" in tail


def test_the_log_of_a_task_that_prints_without_end_is_bounded(new_project):
    project = new_project(log_max_bytes="100000")
    project.start()
    project.write("endless.py", dag_of("endless", "for number in range(50_000):\n    print('x' * 100)"))
    run = project.trigger("endless").until()
    assert "dropped here: the log is longer" in run.log("work")
    assert sum(file.stat().st_size for file in (project.home / "logs").rglob("*.log*")) <= 110_000


def test_grandchildren_do_not_outlive_their_task(embedded):
    body = """
subprocess.Popen(["sleep", "1234"], start_new_session=True)
subprocess.Popen(["sleep", "1234"])
print("left two behind")
"""
    embedded.write("forks.py", dag_of("forks", body))
    embedded.trigger("forks").until()
    eventually(
        lambda: not [each for each in marked(embedded.mark) if "1234" in command_of(each)], told=embedded.told
    )


def test_a_task_that_allocates_without_end_fails_and_the_server_goes_on(new_project):
    project = new_project(attempt_memory_mb="300")
    project.start()
    project.write("greedy.py", dag_of("greedy", "kept = []\nwhile True:\n    kept.append(b'x' * 10_000_000)"))
    project.write("modest.py", dag_of("modest", "print('fine')"))
    run = project.trigger("greedy").until("failed")
    # Killed by the kernel where there are control groups, else refused the memory.
    assert " MB of 300 MB (DIRIGENT_ATTEMPT_MEMORY_MB)" in run.task("work").reason
    assert run.attempts("work")[0].peak_memory_bytes < 600_000_000
    project.trigger("modest").until()


def test_a_task_that_exceeds_its_time_is_stopped(embedded):
    embedded.write(
        "slow.py",
        """
        import time
        from datetime import timedelta
        from scheduler import DAG, task

        with DAG("slow", schedule=None):
            @task(execution_timeout=timedelta(seconds=0.5))
            def work():
                time.sleep(600)

            work()
        """,
    )
    run = embedded.trigger("slow").until("failed")
    assert "0.5" in run.task("work").reason


def test_a_value_that_the_database_refuses_fails_its_own_task_and_holds_up_nobody(embedded):
    embedded.write(
        "refused.py",
        """
        import os
        from scheduler import DAG, task

        with DAG("refused", schedule=None):
            @task(multiple_outputs=True)
            def work():
                return {os.fsdecode(bytes([255])): 1}

            @task
            def beside():
                pass

            work()
            beside()
        """,
    )
    run = embedded.trigger("refused").until("failed")
    assert run.tasks == {"work": "failed", "beside": "success"}
    assert "surrogates not allowed" in run.task("work").reason
