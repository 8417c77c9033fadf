"""What a supervisor and its waiters tell each other of waits. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from scheduler.wire import Data, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """One deferred task, and the trigger that it waits for."""

    id: int
    trigger: str  #: path of its class
    kwargs: Data = field(default_factory=dict)  #: as XCom is written down
    code_root: str = ""  #: folder with the code that it needs; empty for triggers of Dirigent's own
    file: str = ""  #: the DAG file below it
    timeout_at: str | None = None  #: ISO 8601, with its offset
    name: str = ""  #: of the task, for messages
    is_lasting: bool = False  #: it goes on after an event: a watcher of an asset, not a task


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How a wait ended."""

    id: int
    #: `success`, `failed` and `skipped`: the trigger ends the task itself.
    kind: Literal["event", "success", "failed", "skipped", "timeout", "error"]
    event: Json = None  #: payload of the event, as XCom is written down
    xcoms: Data = field(default_factory=dict)
    error: str = ""  #: one line
    traceback: str = ""
    goes_on: bool = False  #: an event of one that is lasting; else it is over
