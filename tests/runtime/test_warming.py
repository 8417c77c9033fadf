"""What the process that attempts are forked from has loaded: each of them carries all of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from scheduler.runtime.supervisor.environment import child_environment

PROGRAM = """
import sys
import scheduler.runtime.child.base_process
from scheduler import DAG, BaseOperator
from scheduler.runtime.child.user_code import USER_CODE

class Inner:
    template_fields = ("text",)
    def __init__(self, text):
        self.text = text

class Asks(BaseOperator):
    template_fields = ("value",)
    template_ext = (".sql",)
    def __init__(self, task_id, value):
        super().__init__(task_id)
        self.value = value

with DAG("orders", schedule=None) as dag:
    Asks("plain", {"a": ["b", 1, None]})
    Asks("asks", eval(sys.argv[1]))
USER_CODE.warm({"orders": dag})
print(*sys.modules)
"""


def loaded_for(value):
    command = [sys.executable, "-c", PROGRAM, value]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_what_no_attempt_needs_is_not_there_when_it_is_forked():
    heavy = {"jinja2", "hashlib", "ssl", "asyncio", "networkx", "sqlalchemy", "celery"}
    assert not loaded_for("'no template at all'") & heavy


@pytest.mark.parametrize("library", ["numpy", "pandas", "pyarrow"])
def test_a_library_for_numbers_starts_no_thread_so_that_attempts_can_be_forked(library):
    program = f"import {library}, psutil; print(psutil.Process().num_threads())"
    command = [sys.executable, "-c", program]
    run = subprocess.run(
        command, env=child_environment(os.environ), capture_output=True, text=True, check=True
    )
    assert run.stdout == "1\n"


@pytest.mark.parametrize(
    "value",
    ["'{{ ds }}'", "'load.sql'", "{'deep': [('{{ ds }}',)]}", "Inner('{% if 1 %}x{% endif %}')"],
    ids=["text", "file", "nested", "object"],
)
def test_jinja_is_there_where_a_task_has_a_template(value):
    assert "scheduler.sdk.jinja_environments" in loaded_for(value)
