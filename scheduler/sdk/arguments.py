"""Reading what authors give: each argument is checked where it is written, so the error names that line."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from scheduler.errors import BadDag, NaiveDate
from scheduler.sdk import dialect
from scheduler.sdk.location import author_line

Callback = Callable[[Any], Any]
Callbacks = Callback | Iterable[Callback] | None

_Choice = TypeVar("_Choice", bound=StrEnum)


def bad_argument(name: str, value: object, remedy: str) -> BadDag:
    """Make the error for one argument: where, which, and what to write instead."""
    return BadDag(f"{author_line()}: {name}={value!r}: {remedy}")


def check_given(name: str, value: object, remedy: str) -> None:
    """Raise BadDag for nothing at all. What is no plain value, such as the promise of a result, is taken as it is."""
    if value is None or (isinstance(value, str | list | tuple | set | dict) and not value):
        raise bad_argument(name, value, remedy)


def refuse_unknown(what: str, unknown: Iterable[str], known: Collection[str]) -> None:
    """Raise BadDag for the first unknown argument, naming the nearest one that exists."""
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" It takes: {', '.join(sorted(known)) or 'none'}."
        raise BadDag(f"{author_line()}: {what} has no argument {name!r}.{hint}")


def read_default_args(given: object) -> dict[str, Any]:
    """Read a dict of arguments; None is none."""
    if not isinstance(given, Mapping | None):
        raise bad_argument("default_args", given, "give a dict of arguments")
    return dict(given or {})


def read_duration(name: str, value: object) -> timedelta | None:
    """Read a timedelta or a number of seconds; None stays None."""
    if value is None or isinstance(value, timedelta):
        duration = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        duration = timedelta(seconds=value)
    else:
        raise bad_argument(name, value, "give a timedelta, or a number of seconds")
    if duration is not None and duration < timedelta(0):
        raise bad_argument(name, value, "a duration cannot be negative")
    return duration


def read_limit(name: str, value: object) -> timedelta | None:
    """Read how long something may take; None is no limit, zero is none that could be kept."""
    duration = read_duration(name, value)
    if duration == timedelta(0):
        raise bad_argument(name, value, "give a time longer than zero, or None for no limit")
    return duration


def read_word(name: str, value: object) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise bad_argument(name, value, "give a string")
    return value


def read_name(name: str, value: object) -> str:
    """Read a string that is not empty."""
    if not read_word(name, value).strip():
        raise bad_argument(name, value, "give a name")
    return str(value)


def read_text(name: str, value: object) -> str | None:
    """Read a string, or None for none."""
    return None if value is None else read_word(name, value)


def read_flag(name: str, value: object) -> bool:
    """Read True or False; a string such as "no" would count as true."""
    if not isinstance(value, bool):
        raise bad_argument(name, value, "give True or False")
    return value


def read_optional_flag(name: str, value: object) -> bool | None:
    """Read True, False, or None for what holds around it."""
    return None if value is None else read_flag(name, value)


def read_count(name: str, value: object, *, minimum: int = 0) -> int:
    """Read a whole number that is at least `minimum`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise bad_argument(name, value, f"give a whole number of at least {minimum}")
    return value


def read_optional_count(name: str, value: object, *, minimum: int = 1) -> int | None:
    """Read a whole number, or None for no limit."""
    return None if value is None else read_count(name, value, minimum=minimum)


def read_choice(name: str, value: object, choices: type[_Choice]) -> _Choice:
    """Read one word of a closed list."""
    try:
        return choices(str(value))
    except ValueError:
        near = difflib.get_close_matches(str(value), list(choices), n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"give one of {', '.join(choices)}"
        raise bad_argument(name, value, hint) from None


def read_instant(name: str, value: object) -> datetime | None:
    """Read an aware datetime (or its ISO 8601 text); a naive one is an error that names the line."""
    if value is None:
        return None
    moment = _instant_from_text(name, value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise bad_argument(name, value, "give a datetime with a time zone")
    if moment.tzinfo is None:
        if spoken := dialect.current():
            return spoken.instant(name, moment)
        raise NaiveDate(
            f"{author_line()}: {name}={value!r} has no time zone. "
            "Write datetime(..., tzinfo=UTC), or tzinfo=ZoneInfo('Europe/Berlin')."
        )
    return moment


def _instant_from_text(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise bad_argument(name, text, "cannot be read as an ISO 8601 instant") from None


def read_callbacks(name: str, value: Callbacks) -> tuple[Callback, ...]:
    """Read none, one or several callables."""
    if value is None:
        return ()
    callbacks = tuple(value) if isinstance(value, list | tuple | set) else (value,)
    for each in callbacks:
        if not callable(each):
            raise bad_argument(
                name, value, "give a function that takes the context, or a list of such functions"
            )
    return callbacks
