"""What user code wrote, for a terminal: it may colour its words, and nothing else of the terminal is in its hands."""

from __future__ import annotations

import re
from typing import Final

from scheduler.logs.lines import LogLine

_COLOUR: Final = r"\x1b\[[0-9;]*m"
#: Escape sequences of every kind, ended or not, and single control characters; a tab and a newline are text.
_CONTROL: Final = re.compile(
    rf"(?P<colour>{_COLOUR})"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b.?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]",
    re.DOTALL,
)
_RESET: Final = "\x1b[0m"
#: Embeddings, overrides and isolates: a terminal that heeds them shows a name as another one.
_TURNS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: What acts inside of a string of JSON, where characters below the space are escaped already.
_ACTS: Final = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def shown(line: LogLine) -> str:
    """Return a line with its time, as text for a terminal."""
    clock = f"{line.at:%H:%M:%S} " if line.at else ""
    return f"{clock}{safe(line.text)}\n"


def safe(text: str) -> str:
    """Return a text without whatever acts on a terminal, but its colours, which end with it."""
    calm = _TURNS.sub("\ufffd", _CONTROL.sub(lambda found: found["colour"] or "", text))
    return calm + _RESET if "\x1b" in calm and not calm.endswith(_RESET) else calm


def safe_json(text: str) -> str:
    """Return JSON that means the same, and neither acts on a terminal nor turns its reading direction."""
    return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
