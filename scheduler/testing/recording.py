"""A run as `dirigent runs export` writes it: what it was given, and what each of its tasks made of that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from scheduler.core.ids import TaskKey
from scheduler.core.states import TaskState
from scheduler.errors import DirigentError
from scheduler.wire import Data, RunInfo

#: The key that tells a recording, and its form.
MARK: Final = "dirigent_recording"
FORM: Final = 1


class BadRecording(DirigentError):
    """A file is no recording that can be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTask:
    """A task instance as it ended. Values are encoded, as XCom is."""

    task_id: str
    path: str = ""
    state: str
    tries: int = 0
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)  #: by key
    left_out: Mapping[str, int] = field(
        default_factory=dict
    )  #: keys of values that were too large, with their size

    @property
    def key(self) -> TaskKey:
        """Its key within the run."""
        return TaskKey(self.task_id, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A run that has ended."""

    run: RunInfo
    state: str
    reason: str = ""
    version: Data = field(default_factory=dict)  #: what code it ran
    tasks: tuple[RecordedTask, ...] = ()

    def states(self) -> dict[str, dict[str, TaskState]]:
        """Return the states by task and path."""
        states: dict[str, dict[str, TaskState]] = {}
        for task in self.tasks:
            states.setdefault(task.task_id, {})[task.path] = TaskState(task.state)
        return states

    def values(self) -> dict[tuple[str, str, str], Any]:
        """Return what was handed on, by task, key and path."""
        return {
            (task.task_id, key, task.path): value for task in self.tasks for key, value in task.values.items()
        }

    def to_json(self) -> str:
        """Return the text of the file."""
        data = {
            name: _written(getattr(self, name)) for name in ("run", "state", "reason", "version", "tasks")
        }
        return json.dumps({MARK: FORM, **data}, indent=1, ensure_ascii=False) + "\n"


def read_recording(source: str | Path | Mapping[str, Any]) -> Recording:
    """Read a recording from its file, or from what that holds. Raises BadRecording, which names the file."""
    data = source if isinstance(source, Mapping) else _read(Path(source))
    where = "The recording" if isinstance(source, Mapping) else str(source)
    if data.get(MARK) != FORM:
        raise BadRecording(f"{where} is no recording of form {FORM}; write one with `dirigent runs export`.")
    try:
        return Recording(
            run=RunInfo(**data["run"]),
            state=data["state"],
            reason=data["reason"],
            version=data["version"],
            tasks=tuple(RecordedTask(**each) for each in data["tasks"]),
        )
    except (KeyError, TypeError) as error:
        raise BadRecording(f"{where} is not whole: {error}. Export the run again.") from None


def _read(path: Path) -> Data:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadRecording(f"{path} cannot be read: {error}.") from None
    return data if isinstance(data, dict) else {}


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if isinstance(value, RunInfo | RecordedTask):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    return value
