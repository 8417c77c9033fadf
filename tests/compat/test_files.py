"""Files written for Airflow 1.10, 2.x and 3.x load unchanged, and each task of theirs ends as it would there.

A file says in `expected` which of its tasks do not succeed.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

from scheduler.runtime.child.loading import load_file, module_name
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.variables import EnvironmentReader

FILES = sorted((Path(__file__).parent / "files").glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_loads_and_its_tasks_end_as_expected(file):
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        dags = load_file(str(file.parent), file.name, EnvironmentReader())
    expected = getattr(sys.modules[module_name(file.name)], "expected", {})
    assert list(dags) == [file.stem]
    for dag in dags.values():
        assert to_spec(dag, file.name).compat == "airflow"
        result = dag.test()
        ended = {
            task_id: expected.get(task_id.partition("[")[0], "success") for task_id in result.task_states
        }
        assert result.task_states == ended
        assert {task_id.partition("[")[0] for task_id in ended} == set(dag.task_ids)
