"""What a DAG file pays for its imports."""

from __future__ import annotations

import subprocess
import sys

import scheduler

HEAVY = {
    "alembic",
    "celery",
    "croniter",
    "flask",
    "jinja2",
    "jsonschema",
    "networkx",
    "pydantic",
    "sqlalchemy",
}


def loaded_by(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_by("import scheduler") & (HEAVY | {"logging"})


def test_using_every_name_of_a_dag_file_loads_nothing_heavy():
    assert not loaded_by("from scheduler import *") & HEAVY


def test_every_name_can_be_imported_and_is_listed():
    for name in scheduler.__all__:
        assert getattr(scheduler, name) is not None
    assert set(scheduler.__all__) <= set(dir(scheduler))


def test_a_name_that_is_not_there_is_an_attribute_error():
    assert not hasattr(scheduler, "Dag")
