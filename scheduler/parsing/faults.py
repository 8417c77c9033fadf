"""What is said of a file that cannot be imported: the place once, and what to do."""

from __future__ import annotations

import re
from typing import Final

_SYNTAX_PLACE: Final = re.compile(r" \([^()]+, line \d+\)$")
_MISSING: Final = re.compile(r"No module named '([^'.]+)[^']*'$")


def sentence(file: str, message: str) -> str:
    """Return the message of an import error of `file` without the place in that file, which is told beside it."""
    place = re.compile(rf"^(?:\S*/)?{re.escape(file)}:\d+: ")
    return _with_remedy(_SYNTAX_PLACE.sub("", place.sub("", message)))


def _with_remedy(message: str) -> str:
    missing = _MISSING.search(message)
    if missing is None:
        return message
    if missing[1] == "airflow":
        return f"{message}. Dirigent has these words itself: from scheduler import DAG, task."
    return f"{message}. Install it where Dirigent runs, or put {missing[1]}.py into the DAG folder."
