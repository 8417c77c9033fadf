"""What a supervisor and its waiters tell each other of waits. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from scheduler.wire import Data, Json, cut

#: Characters of an argument of a trigger that its description shows.
_SHOWN: Final = 80


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
    secrets: tuple[str, ...] = ()  #: what its task was given as secret, of what it is made of


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
    #: What its trigger was given as secret, of the event; the supervisor's to say.
    secrets: tuple[str, ...] = ()


def described(path: str, kwargs: Mapping[str, Json]) -> str:
    """Return a trigger in a few words: its class, and what it was made of, as XCom is written down."""
    parts = [
        f"{name}={cut(_text(value), _SHOWN)}"
        for name, value in kwargs.items()
        if value not in (None, False, "", [], {})
    ]
    return f"{path.rpartition('.')[2]}({', '.join(parts)})"


def _text(value: Json) -> str:
    match value:
        case {"__type__": "timedelta", "value": list(parts)}:
            return str(timedelta(*parts))
        case {"__type__": _, "value": inner}:
            return str(inner)
        case _:
            return str(value)
