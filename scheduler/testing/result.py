"""What came of a test run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.sdk.results import RETURN_KEY
from scheduler.sdk.xcom import decode
from scheduler.wire import ErrorInfo


@dataclass(frozen=True, slots=True)
class Artifact:
    """A document that a task published."""

    task_id: str
    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedTask:
    """One try of a task, from its first call to its end, in the time of the test."""

    task_id: str  #: with the index of an instance: "load[2]"
    try_number: int
    state: str  #: success | skipped | failed
    reason: str
    started_at: datetime
    ended_at: datetime
    log: str = field(repr=False)  #: what it printed and logged


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run of `dag.test()` ended. All mappings are by full task_id."""

    dag_id: str
    run_id: str
    state: str  #: success | failed
    reason: str
    task_states: Mapping[str, str]
    tries: Mapping[str, int]  #: attempts made; 0 for tasks that never started
    errors: Mapping[str, ErrorInfo]  #: of the last attempt of each task that failed
    rendered: Mapping[str, Mapping[str, Any]]  #: template fields as the page would show them
    artifacts: tuple[Artifact, ...]
    variables: Mapping[str, str]  #: as the run left them
    kept: Mapping[tuple[str, str], Any] = field(repr=False)  #: (task_id, key) -> encoded value
    returning: tuple[str, ...] = ()  #: tasks under `@result`
    attempts: tuple[TriedTask, ...] = ()  #: all tries, in the order of their ends

    @property
    def is_success(self) -> bool:
        """Whether no leaf of the graph failed."""
        return self.state == "success"

    @property
    def order(self) -> list[str]:
        """The tasks that ran, in the order of their ends."""
        return list(dict.fromkeys(reversed([each.task_id for each in self.attempts])))[::-1]

    @property
    def logs(self) -> dict[str, str]:
        """What each task printed and logged in all its tries."""
        logs: dict[str, str] = {}
        for each in self.attempts:
            logs[each.task_id] = logs.get(each.task_id, "") + each.log
        return logs

    @property
    def xcoms(self) -> dict[str, Any]:
        """What each task returned; a task that returned nothing is not in it."""
        return {task_id: decode(value) for (task_id, key), value in self.kept.items() if key == RETURN_KEY}

    @property
    def result(self) -> Any:
        """What the run returned: the value of the task under `@result`, of several a dict by task; None for nothing."""
        found = {name: self.xcoms[name] for name in self.returning if name in self.xcoms}
        return next(iter(found.values()), None) if len(found) < 2 else found

    def xcom(self, task_id: str, key: str = RETURN_KEY, default: object = None) -> Any:
        """Return what a task kept under a key."""
        return decode(self.kept[task_id, key]) if (task_id, key) in self.kept else default
