"""Whether spans of user code join the trace of their attempt: where it has OpenTelemetry and the worker wants them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any, Final

#: What tells code its parent, in its environment as OpenTelemetry's own tools do.
PARENT: Final = "TRACEPARENT"
_API: Final = "opentelemetry.trace"
_OURS: Final = "scheduler.runtime.child.user_spans"


def warm_spans() -> None:
    """Load, where user code has OpenTelemetry's API, what else its spans will need: attempts are forked from here."""
    if _API in sys.modules:
        _load()


def spans_of(send: Callable[[list[dict[str, Any]]], None]) -> AbstractContextManager[None]:
    """Return a context in which spans of user code go to `send`; one that does nothing where none can be told."""
    parent = os.environ.get(PARENT)
    if not parent or _API not in sys.modules:
        return nullcontext()
    ours = _load()
    return nullcontext() if ours is None else ours.handed_over(parent, send)


def _load() -> Any:
    try:
        return import_module(_OURS)
    except ImportError:
        return None  # the API alone: it makes no spans
