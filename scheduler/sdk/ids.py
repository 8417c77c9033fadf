"""The pattern of ids."""

from __future__ import annotations

import re
from typing import Final

from scheduler.errors import BadId

_ID: Final = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,250}", re.ASCII)


def check_id(what: str, value: object) -> str:
    """Return the id; raise BadId where it is no id. `what` names it in the message, such as "task_id"."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise BadId(what, value)
    return value
