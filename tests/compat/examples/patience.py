"""Plays the examples that wait for minutes by `dag.test()`, in an interpreter of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from scheduler.store.dag_files import FileRecord
from tests.compat.examples.expected import PATIENT

#: Run in the folder of the examples; the last line says how the DAG ended.
PROGRAM = """
import json, sys
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.variables import EnvironmentReader
result = load_file(sys.argv[1], sys.argv[2], EnvironmentReader())[sys.argv[3]].test()
print(json.dumps([str(result.state), result.task_states]))
"""


class End(NamedTuple):
    """How a run ended, and what there is to say about it."""

    state: str
    why: str


def play_patient(dags: Path, records: Iterable[FileRecord], libs: str) -> dict[str, End]:
    """Return how each of them ended."""
    files = {dag_id: record.path for record in records for dag_id in record.dag_ids if dag_id in PATIENT}
    return {dag_id: _test(dags, file, dag_id, libs) for dag_id, file in files.items()}


def told(tasks: Mapping[str, str]) -> str:
    """Return the tasks that did not do what they should, in words."""
    return ", ".join(
        f"{task_id} {each}" for task_id, each in tasks.items() if each not in ("success", "skipped")
    )


def _test(dags: Path, file: str, dag_id: str, libs: str) -> End:
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(dags), file, dag_id]
    run = subprocess.run(command, env=os.environ | {"PYTHONPATH": libs}, capture_output=True, text=True)
    if run.returncode:
        return End("broken", run.stderr[-300:])
    state, tasks = json.loads(run.stdout.splitlines()[-1])
    return End(state, f"by dag.test(): {told(tasks)}")
