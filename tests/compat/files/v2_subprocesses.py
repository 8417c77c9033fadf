"""2.x: programs that tasks run by SubprocessHook and execute_in_subprocess."""

from __future__ import annotations

import subprocess

from airflow import DAG
from airflow.hooks.subprocess import SubprocessHook
from airflow.operators.python import PythonOperator
from airflow.utils.process_utils import execute_in_subprocess


def by_hook() -> None:
    hook = SubprocessHook()
    result = hook.run_command(["/bin/sh", "-c", "echo first; echo $A; exit 3"], env={"A": "last"}, cwd="/")
    assert (result.exit_code, result.output) == (3, "last")
    hook.send_sigterm()


def by_function() -> None:
    execute_in_subprocess(["/bin/sh", "-c", 'test "$B" = b'], env={"B": "b"})
    try:
        execute_in_subprocess(["/bin/sh", "-c", "exit 4"])
    except subprocess.CalledProcessError as error:
        assert error.returncode == 4
    else:
        raise AssertionError("it did not raise")


with DAG("v2_subprocesses", schedule=None):
    PythonOperator(task_id="hook", python_callable=by_hook)
    PythonOperator(task_id="function", python_callable=by_function)
