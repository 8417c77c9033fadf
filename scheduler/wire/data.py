"""Plain data, as JSON carries it."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, Final

#: A value that JSON can hold.
Json = Any
Data = dict[str, Json]
#: How large one XCom may be as JSON without blanks, in bytes.
XCOM_LIMIT_BYTES: Final = 48_000_000
#: Partitions of one asset that one task may name: an event each.
MOST_PARTITIONS: Final = 10_000
#: So many characters of a value's JSON are shown to people.
XCOM_SHOWN_CHARACTERS: Final = 20_000
#: Characters of the JSON of one state that is kept: a place to note where work stands, not one to put the work.
STATE_LIMIT: Final = 1_000_000
#: The key by which a value between tasks that is more than JSON says what it is (`sdk.xcom`).
TAG: Final = "__type__"
#: What stands where the rest of a text was left out: by it the masker finds half a secret.
CUT: Final = "…"
#: What stands for the retention of a state that is kept as long as its run.
STATE_NEVER_EXPIRES: Final = "never"


def cut(text: str, longest: int) -> str:
    """Return the beginning of a text that is too long, so that what is missing can be seen."""
    return text if len(text) <= longest else f"{text[:longest]}{CUT}"


def cut_start(text: str, longest: int) -> str:
    """Return the end of a text that is too long."""
    return text if len(text) <= longest else f"{CUT}{text[-longest:]}"


@cache
def names_of(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass."""
    return tuple(each.name for each in fields(kind))


def known(kind: type, data: Data) -> Data:
    """Return what a dataclass has fields for; the rest was written by a newer program, and may be passed over."""
    return {key: data[key] for key in names_of(kind) if key in data}
