"""What came of a test run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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

    @property
    def is_success(self) -> bool:
        """Whether no leaf of the graph failed."""
        return self.state == "success"

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
