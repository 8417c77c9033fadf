"""Where in the author's own file something is declared."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

_HERE = str(Path(__file__).resolve().parent.parent) + "/"


def author_line() -> str:
    """Return `file:line` of the innermost caller outside Dirigent's own code."""
    frame = _author_frame(sys._getframe(1))
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else "<unknown>"


def author_place() -> tuple[str, int]:
    """Return file and line of the innermost caller outside Dirigent's own code."""
    frame = _author_frame(sys._getframe(1))
    return (frame.f_code.co_filename, frame.f_lineno) if frame else ("<unknown>", 0)


def author_file() -> str:
    """Return the file of the innermost caller outside Dirigent's own code."""
    frame = _author_frame(sys._getframe(1))
    return frame.f_code.co_filename if frame else ""


def imported_file() -> str:
    """Return the innermost file whose top-level code is running: that of a DAG, whatever factory makes it."""
    frame: FrameType | None = sys._getframe(1)
    while frame and (frame.f_code.co_name != "<module>" or _is_own(frame)):
        frame = frame.f_back
    return frame.f_code.co_filename if frame else ""


def _author_frame(frame: FrameType | None) -> FrameType | None:
    while frame and _is_own(frame):
        frame = frame.f_back
    return frame


def _is_own(frame: FrameType) -> bool:
    code = frame.f_code
    # Constructors of dataclasses are compiled from a string.
    return code.co_filename.startswith(_HERE) or (
        code.co_filename == "<string>" and code.co_name == "__init__"
    )
