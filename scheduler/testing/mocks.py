"""Tasks that do in a test what the test says: return a value, raise, call a function, fail so many times."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import new_class
from typing import Any, Final, cast

from scheduler.errors import BadDag
from scheduler.operators.branching import BaseBranchOperator
from scheduler.operators.interpreters import BranchExternalPythonOperator, BranchPythonVirtualenvOperator
from scheduler.operators.python import BranchPythonOperator, ShortCircuitOperator, call, follow_branch
from scheduler.sdk.context import Context
from scheduler.sdk.dag import DAG
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.sensor import BaseSensorOperator, PokeReturnValue
from scheduler.testing.clocks import TestClock
from scheduler.testing.given import check_task

_BRANCHES: Final = (
    BaseBranchOperator,
    BranchPythonOperator,
    BranchPythonVirtualenvOperator,
    BranchExternalPythonOperator,
)
_NOTHING: Final = object()
#: A sensor that does not rest at all would look for ever at one instant.
_LEAST_REST_S: Final = 1.0


class SimulatedFailure(Exception):
    """Raised in place of a task's work, as `fail` of the test says."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one task does in a test."""

    mock: Any = _NOTHING
    failing: frozenset[int] = frozenset()  #: numbers of the tries that fail

    @property
    def is_empty(self) -> bool:
        """Whether the task does its own work."""
        return self.mock is _NOTHING and not self.failing

    def answer(self, task: BaseOperator, context: Context) -> Any:
        """Return, raise, or call what stands for the task's work."""
        mock = self.mock
        if isinstance(mock, BaseException) or (isinstance(mock, type) and issubclass(mock, BaseException)):
            raise mock
        if not callable(mock):
            return mock
        return call(mock, getattr(task, "op_args", ()), getattr(task, "op_kwargs", {}), context)


def read_scripts(
    dag: DAG, mocks: Mapping[str, Any], fail: Mapping[str, int | Collection[int]]
) -> dict[str, Script]:
    """Return what each named task is to do; raises BadDag for a task that the DAG does not have."""
    for task_id in [*mocks, *fail]:
        check_task(dag, task_id)
    return {
        task_id: Script(mocks.get(task_id, _NOTHING), _tries(task_id, fail.get(task_id, ())))
        for task_id in {**mocks, **fail}
    }


def _tries(task_id: str, given: int | Collection[int]) -> frozenset[int]:
    tries = frozenset(range(1, given + 1) if isinstance(given, int) else given)
    if any(type(each) is not int or each < 1 for each in tries):
        raise BadDag(
            f"fail={{{task_id!r}: {given!r}}}: give how many tries fail, or the numbers of those that do."
        )
    return tries


@contextmanager
def played(dag: DAG, scripts: Mapping[str, Script], clock: TestClock) -> Iterator[None]:
    """Have tasks follow their scripts, and sensors put the clock forward where they would sleep."""
    for task in dag.tasks:
        script = scripts.get(task.task_id, Script())
        vars(task)["unmapped"] = partial(_unmapped, task.unmapped, script, clock)
    try:
        yield
    finally:
        for task in dag.tasks:
            del vars(task)["unmapped"]


def _unmapped(
    unmapped: Callable[[Context], BaseOperator], script: Script, clock: TestClock, context: Context
) -> BaseOperator:
    task = copy.copy(unmapped(context))
    if isinstance(task, BaseSensorOperator):
        vars(task)["sleep_between_looks"] = lambda seconds: clock.advance(seconds or _LEAST_REST_S)
    if not script.is_empty:
        task.start_from_trigger = False
        task.__class__ = _playing(type(task), script)
    return task


def _playing(kind: type[BaseOperator], script: Script) -> type[BaseOperator]:
    """Return a class of the same name whose work is the script."""

    def execute(self: BaseOperator, context: Context) -> Any:
        if (number := context["ti"].try_number) in script.failing:
            raise SimulatedFailure(f"the test has try {number} of {self.task_id!r} fail")
        if script.mock is _NOTHING:
            return kind.execute(self, context)
        return _play(self, kind, script, context)

    names = {"__module__": kind.__module__, "execute": execute}
    return cast(
        "type[BaseOperator]", new_class(kind.__name__, (kind,), exec_body=lambda body: body.update(names))
    )


def _play(task: BaseOperator, kind: type[BaseOperator], script: Script, context: Context) -> Any:
    if isinstance(task, BaseSensorOperator) and callable(script.mock):
        vars(task).update(poke=lambda looked: _found(script.answer(task, looked)), deferrable=False)
        return BaseSensorOperator.execute(task, context)
    if isinstance(task, ShortCircuitOperator):
        vars(task)["python_callable"] = lambda *_args, **_kwargs: script.answer(task, context)
        return kind.execute(task, context)
    returned = script.answer(task, context)
    if isinstance(task, _BRANCHES):
        follow_branch(task, context, returned)
    return returned


def _found(answer: Any) -> bool | PokeReturnValue:
    return answer if isinstance(answer, PokeReturnValue) else bool(answer)
