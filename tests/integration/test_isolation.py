"""Tasks choose how they are kept apart, end to end: through parse, database, worker and log."""

from __future__ import annotations

from tests.interpreters import make_interpreter

#: A DAG of tasks that are kept apart in every way there is; ELSEWHERE is another interpreter that can import `rare`.
CHOICES = """
import os, sys
from scheduler import DAG, task

LOADED_BY = os.getpid()

with DAG("choices", schedule=None, default_args={"memory_limit": "300MB"}):
    @task
    def forked():
        print("forked:", LOADED_BY != os.getpid())

    @task(isolation="fresh")
    def fresh():
        print("fresh:", LOADED_BY == os.getpid())

    @task(python=ELSEWHERE)
    def other(before):
        import rare
        print(rare.WORD, "to", sys.executable)
        return before

    @task(memory_limit="64MB", retries=0)
    def greedy():
        b"x" * 100_000_000

    @task(python="/nowhere/python", retries=5)
    def lost():
        pass

    other(fresh())
    forked()
    greedy()
    lost()
"""


def test_tasks_of_one_dag_run_as_each_of_them_asks(embedded, tmp_path):
    elsewhere = make_interpreter(tmp_path / "venv")
    embedded.write("choices.py", CHOICES.replace("ELSEWHERE", repr(str(elsewhere))))
    run = embedded.trigger("choices").until("failed")
    assert run.tasks == {
        "forked": "success",
        "fresh": "success",
        "other": "success",
        "greedy": "failed",
        "lost": "failed",
    }
    assert "forked: True" in run.log("forked")
    assert "fresh: True" in run.log("fresh")
    assert f"from afar to {elsewhere}" in run.log("other")
    # Killed by the kernel where there are control groups, else refused the memory.
    assert " MB of 64 MB (memory_limit)" in run.task("greedy").reason
    reason = "/nowhere/python cannot be executed on this worker: No such file or directory"
    assert (run.task("lost").reason, len(run.attempts("lost"))) == (reason, 1)
