"""Errors of user code as data: the traceback without Dirigent's own frames, and one line that names the
place.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final

from scheduler.wire import ErrorInfo, cut, cut_start

_OURS: Final = str(Path(__file__).resolve().parents[2])
_TEXT_LIMIT: Final = 64_000
#: What people read in place of the folder of a snapshot.
SHOWN_ROOT: Final = "dags/"


def blame(error: BaseException, code_root: str) -> ErrorInfo:
    """Return the error; its line names the innermost place below `code_root`.

    Paths below `code_root`, wherever that is on this machine, are shown as `dags/...`.
    """
    kind = type(error).__name__
    message = _message(error).replace(f"{code_root}/", SHOWN_ROOT)
    place = _place(error, code_root)
    head = f"{kind}: {message}".splitlines()[0] if message else kind
    return ErrorInfo(
        type=kind,
        message=cut(message, _TEXT_LIMIT),
        traceback=cut_start(_traceback(error).replace(f"{code_root}/", SHOWN_ROOT), _TEXT_LIMIT),
        line=cut(head, 500) + place,
    )


def lineno_in(error: BaseException, path: str) -> int | None:
    """Return the line of `path` in which the error came up; of a syntax error, the line it names."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - user code may raise from __str__
        return "(its text cannot be shown)"


def _place(error: BaseException, code_root: str) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(f"{code_root}/")
    ]
    if not frames:
        return ""
    innermost = frames[-1]
    path = innermost.filename.removeprefix(f"{code_root}/")
    return f" ({SHOWN_ROOT}{path}:{innermost.lineno} in {innermost.name})"


def _traceback(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS) and trace.tb_next:
        trace = trace.tb_next
    try:
        return "".join(traceback.format_exception(type(error), error, trace))
    except Exception:  # noqa: BLE001 - user code may raise from __str__
        return "".join(traceback.format_tb(trace))
