"""BashSensor: exit codes decide."""

from __future__ import annotations

import pytest

from scheduler import BashSensor
from tests.runtime.attempts import attempt


@pytest.mark.parametrize(
    ("command", "settings", "state"),
    [
        ("true", {}, "success"),
        ("exit 3", {}, "reschedule"),
        ("exit 99", {}, "reschedule"),
        ("exit 3", {"retry_exit_code": 3}, "reschedule"),
        ("exit 4", {"retry_exit_code": 3}, "failed"),
        ('test "$X" = 2026-11-21', {"env": {"X": "{{ ds }}"}}, "success"),
    ],
)
def test_the_exit_code_says_whether_it_is_time(dag, command, settings, state):
    BashSensor(task_id="a", bash_command=command, mode="reschedule", **settings)
    assert attempt(dag).state == state


def test_a_code_that_is_neither_names_itself(dag):
    BashSensor(task_id="a", bash_command="echo gone; exit 4", retry_exit_code=3)
    assert attempt(dag).reason.startswith(
        "TaskError: bash exited with 4, neither 0 nor retry_exit_code=3; its last line was: 'gone'"
    )
