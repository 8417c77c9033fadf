"""Loops: a task that is done again until what it returned is good. Loaded where one is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from scheduler.sdk.arguments import bad_argument, read_count
from scheduler.sdk.results import RETURN_KEY
from scheduler.sdk.signals import FailTask, SkipTask
from scheduler.sdk.xcom import decode
from scheduler.wire import LoopSpec

if TYPE_CHECKING:
    from scheduler.sdk.context import Context
    from scheduler.sdk.instance import TaskInstance

#: Iterations that one loop may have: the rows of all are read each time that one ends.
MOST: Final = 10_000
_WORDS: Final = ("fail", "skip", "succeed")


@dataclass(frozen=True, slots=True)
class Loop:
    """How a task is done again: until `until(value)` is true of what an iteration returned.

    An iteration after `max_iterations` is not begun: the task then fails; or is skipped, or succeeds with its last
    value, where `on_exhausted` is "skip" or "succeed".
    """

    until: Callable[[Any], Any]
    max_iterations: int
    on_exhausted: str = "fail"

    def __post_init__(self) -> None:
        if not callable(self.until):
            raise bad_argument("until", self.until, "give a function of what an iteration returned")
        if read_count("max_iterations", self.max_iterations, minimum=1) > MOST:
            raise bad_argument("max_iterations", self.max_iterations, f"give at most {MOST:,}")
        if self.on_exhausted not in _WORDS:
            raise bad_argument("on_exhausted", self.on_exhausted, f"give one of {', '.join(_WORDS)}")

    def spec(self) -> LoopSpec:
        """Return what the scheduler knows of it."""
        return LoopSpec(max_iterations=self.max_iterations, on_exhausted=self.on_exhausted)  # type: ignore[arg-type]

    def context(self, instance: TaskInstance) -> Context:
        """Return what an iteration sees of the loop: which it is, from 0 on, and what the one before returned."""
        iteration, before = _place(instance)
        if before is None:
            return {"iteration": 0, "last_value": None}
        kept = instance.channel.get_xcom(instance.task_id, RETURN_KEY, path=before)
        return {"iteration": iteration, "last_value": None if kept is None else decode(kept)}

    def is_again(self, instance: TaskInstance, value: Any) -> bool:
        """Tell whether another iteration follows on one that returned `value`.

        Raises FailTask or SkipTask where it should, and there have been as many as there may be.
        """
        iteration = _place(instance)[0]
        if self.until(value):
            return False
        if iteration + 1 < self.max_iterations:
            return True
        words = f"until() was not true of what any of {self.max_iterations:,} iterations returned (max_iterations)"
        match self.on_exhausted:
            case "skip":
                raise SkipTask(words)
            case "succeed":
                instance.log.warning("Succeeds all the same: %s.", words)
                return False
            case _:
                raise FailTask(f"{words}; raise max_iterations, or say with on_exhausted= how it is to end.")


def _place(instance: TaskInstance) -> tuple[int, str | None]:
    """Return which iteration an instance is, and the path of the one before."""
    loop, _, index = instance.path.rpartition(".")
    if index == "0":
        return 0, None
    before = int(index) - 1
    return before + 1, f"{loop}.{before}" if loop else str(before)
