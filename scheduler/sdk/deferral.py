"""What a task waits for without a slot: triggers, which one asyncio process watches for thousands of tasks at once.

A task calls `self.defer(trigger=..., method_name=...)`, which ends its attempt. Where a worker's waiter runs, the
trigger is made anew of what `serialize` returned, and `run` is awaited. Its first event has the task go on in a new
attempt, with the method that was named.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar, Literal


class TriggerEvent:
    """What a trigger yields once what it waited for has come; `payload` may be whatever tasks can pass on."""

    def __init__(self, payload: Any = None) -> None:
        self.payload = payload

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.payload!r}>"


class BaseTaskEndEvent(TriggerEvent):
    """Ends the task itself: none of its methods is called any more. `xcoms` are kept as the task's."""

    state: ClassVar[Literal["success", "failed", "skipped"]]

    def __init__(self, *, xcoms: dict[str, Any] | None = None) -> None:
        super().__init__(None)
        self.xcoms = xcoms


class TaskSuccessEvent(BaseTaskEndEvent):
    """The task has succeeded."""

    state = "success"


class TaskFailedEvent(BaseTaskEndEvent):
    """The task has failed."""

    state = "failed"


class TaskSkippedEvent(BaseTaskEndEvent):
    """The task is skipped."""

    state = "skipped"


class BaseTrigger(ABC):
    """Waits for something, in a process of its own kind, on an event loop that thousands of others share.

    Nothing in `run` may block: what does, and does not come back, is ended.
    """

    def __init__(self, **kwargs: Any) -> None:
        #: Of the wait, where it is watched.
        self.trigger_id: int | None = None

    @abstractmethod
    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the path of the class, `module.Name`, and the arguments to make it anew."""

    @abstractmethod
    def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then yield an event: an asynchronous generator. What comes after the first is not asked for."""

    async def cleanup(self) -> None:  # noqa: B027 - most triggers have nothing to give back
        """Give back what `run` took, however it ended."""

    @cached_property
    def log(self) -> logging.Logger:
        """What is logged here is shown in the log of the attempt that goes on."""
        return logging.getLogger(f"dirigent.trigger.{type(self).__name__}")

    def __repr__(self) -> str:
        path, kwargs = self.serialize()
        return f"<{path} {', '.join(f'{name}={value}' for name, value in kwargs.items())}>"


class BaseEventTrigger(BaseTrigger):
    """A trigger that may be watched for an asset (`AssetWatcher`): `run` goes on, and yields an event for each change.

    Where it ends it is begun anew. The same class with the same arguments is watched once, however many DAGs name it.
    """


@dataclass(frozen=True, slots=True)
class StartTriggerArgs:
    """The trigger that a task begins with (`start_from_trigger`), before any of its own code runs."""

    trigger_cls: str
    next_method: str
    trigger_kwargs: dict[str, Any] | None = None
    next_kwargs: dict[str, Any] | None = None
    timeout: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NamedTrigger:
    """A trigger of which only the name is known where it is asked for."""

    path: str
    kwargs: dict[str, Any] = field(default_factory=dict)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return name and arguments."""
        return self.path, self.kwargs
