"""Priorities by a rule of the author's own."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler import DAG, EmptyOperator, PriorityWeightStrategy
from scheduler.errors import DirigentError
from scheduler.sdk.serialize import to_spec


class ByName(PriorityWeightStrategy):
    """The longer the name, the sooner."""

    def get_weight(self, ti):
        return 10 * len(ti.task_id) + ti.try_number + ti.priority_weight


class Odd(PriorityWeightStrategy):
    """No priority at all."""

    def get_weight(self, ti):
        return None


def weights(rule):
    with DAG("d") as dag:
        EmptyOperator(task_id="a", weight_rule=rule) >> EmptyOperator(task_id="long", priority_weight=5)
    return {task.task_id: (task.priority_weight, task.weight_rule) for task in to_spec(dag, "d.py").tasks}


@pytest.mark.parametrize("rule", [ByName(), ByName, f"{__name__}.ByName"])
def test_a_rule_of_ones_own_is_asked_for_each_of_its_tasks(rule):
    assert weights(rule) == {"a": (11, "absolute"), "long": (5, "downstream")}


BAD: Any = 5


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Odd(), "answered None for task 'a'"),
        (BAD, "weight_rule=5"),
        ("no.such.Rule", "it cannot be found: No module named 'no'"),
        (f"{__name__}.Missing", "it cannot be found"),
        ("sideways", "give one of"),
    ],
)
def test_what_is_no_rule_is_refused(rule, said):
    with pytest.raises(DirigentError, match=said):
        weights(rule)
