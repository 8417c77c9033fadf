"""Alert rules: when to tell whom of what. Read alike from `dirigent.toml` and from DAG files, kept as plain data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
#: `repeat` of a rule that tells of each failed run.
ALWAYS: Final = -1.0
#: Rules come from DAG files, too: none of them may flood a channel while nothing changes.
_LEAST_REPEAT_S: Final = 60.0
#: Names in a list, and characters of each.
_MOST: Final = 250
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"))
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class When(StrEnum):
    """What a rule looks for."""

    FAILURE = "failure"
    FAILURES = "failures"
    LONGER_THAN_USUAL = "longer_than_usual"
    NOT_STARTED = "not_started"
    NOT_FINISHED = "not_finished"
    QUEUE_LAG = "queue_lag"
    WORKER_LOST = "worker_lost"
    STALE_ASSET = "stale_asset"


#: What is no property of a DAG: such a rule stands in `dirigent.toml` only.
OF_THE_SYSTEM: Final = frozenset({When.QUEUE_LAG, When.WORKER_LOST, When.STALE_ASSET})
#: What each kind takes beside `name`, `when`, `to`, `repeat`, `recovered`, `quiet`, `timezone` and the choice of DAGs.
_OWN: Final[Mapping[When, tuple[str, ...]]] = {
    When.FAILURE: (),
    When.FAILURES: ("count", "within"),
    When.LONGER_THAN_USUAL: ("factor", "over", "runs", "at_least"),
    When.NOT_STARTED: ("by", "after"),
    When.NOT_FINISHED: ("by", "after"),
    When.QUEUE_LAG: ("queues", "lag"),
    When.WORKER_LOST: (),
    When.STALE_ASSET: ("assets", "warn"),
}
_CHOICE: Final = ("dags", "tags", "owners")


class BadRule(ValueError):
    """One field of a rule cannot be; the message tells the remedy."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"{field}={value!r}: {remedy}" if value is not None else f"{field}: {remedy}")
        self.field = field
        self.value = value
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One rule. Durations are seconds; empty `dags`, `tags`, `owners` `queues` or `assets` mean: any."""

    name: str
    when: str
    to: tuple[str, ...]
    dags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    count: int = 0
    within: float = 0.0
    factor: float = 2.0
    over: str = "median"
    runs: int = 15
    at_least: int = 5
    by: str = ""
    after: float = 0.0
    queues: tuple[str, ...] = ()
    lag: float = 0.0
    assets: tuple[str, ...] = ()
    warn: bool = False
    repeat: float = 0.0
    recovered: bool = False
    quiet: str = ""
    timezone: str = "UTC"

    @property
    def data(self) -> dict[str, Any]:
        """What JSON can hold of it; `rule_from_data` reads it back."""
        shown = {name: value for name, value in asdict(self).items() if value != _DEFAULTS.get(name)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in shown.items()}


_DEFAULTS: Final = {each.name: each.default for each in fields(AlertRule)}
_NAMES: Final = tuple(_DEFAULTS)


def read_rule(given: Mapping[str, Any], *, of_dag: str = "") -> AlertRule:
    """Read a rule, of a DAG file where `of_dag` names its DAG. Raises BadRule for the first field that cannot be."""
    when = _when(given)
    if of_dag and when in OF_THE_SYSTEM:
        raise BadRule("when", str(when), "is not about a DAG; write it under [[alerts]] in dirigent.toml")
    own = (*_OWN[when], *(() if of_dag or when in OF_THE_SYSTEM else _CHOICE))
    known = ("name", "when", "to", "repeat", "recovered", "quiet", "timezone", *own)
    for name in given:
        if name not in known:
            raise BadRule(name, None, _no_such_field(name, when, known))
    if not of_dag and "name" not in given:
        raise BadRule("name", None, "give the rule a name of its own")
    values = {name: _READERS[name](name, value) for name, value in given.items()}
    rule = AlertRule(**{"name": str(when), "to": (), **values})
    _check_whole(rule, when, given)
    return replace(rule, name=f"{of_dag}:{rule.name}", dags=(of_dag,)) if of_dag else rule


def rule_from_data(data: Mapping[str, Any]) -> AlertRule:
    """Read back what `AlertRule.data` wrote, without checking it again."""
    known: dict[str, Any] = {name: data[name] for name in _NAMES if name in data}
    for name, value in known.items():
        known[name] = tuple(value) if isinstance(value, list) else value
    return AlertRule(**known)


def rules_of_dag(given: Iterable[Mapping[str, Any]], dag_id: str) -> list[AlertRule]:
    """Return the rules that a DAG's file declares; one that only a newer program can read is left to it."""
    found = []
    for each in given:
        with suppress(BadRule):
            found.append(read_rule(each, of_dag=dag_id))
    return found


def _when(given: Mapping[str, Any]) -> When:
    value = given.get("when")
    if value in list(When):
        return When(str(value))
    near = get_close_matches(str(value), list(When), n=1)
    remedy = f"did you mean {str(near[0])!r}?" if near else f"give one of {', '.join(When)}"
    raise BadRule("when", value, remedy)


def _no_such_field(name: str, when: When, known: tuple[str, ...]) -> str:
    if name in _READERS:
        return f"a rule of when={str(when)!r} has no such field here; it takes {', '.join(known)}"
    near = get_close_matches(name, known, n=1)
    takes = f"it takes {', '.join(known)}"
    return f"there is no such field; {f'did you mean {near[0]}?' if near else takes}"


def _check_whole(rule: AlertRule, when: When, given: Mapping[str, Any]) -> None:
    """Check what holds between fields."""
    if not rule.to:
        raise BadRule("to", None, "name at least one channel")
    for name in _REQUIRED.get(when, ()):
        if name not in given:
            raise BadRule(name, None, f"a rule of when={str(when)!r} needs it")
    if when in (When.NOT_STARTED, When.NOT_FINISHED) and ("by" in given) == ("after" in given):
        raise BadRule("by", rule.by or None, 'give either by = "07:00" or after = "30m"')
    if rule.repeat == ALWAYS and when is not When.FAILURE:
        raise BadRule("repeat", "always", "only a rule of when='failure' can tell of each time")
    if rule.at_least > rule.runs:
        raise BadRule("at_least", rule.at_least, f"cannot be more than runs, which is {rule.runs}")


_REQUIRED: Final[Mapping[When, tuple[str, ...]]] = {
    When.FAILURES: ("count", "within"),
    When.QUEUE_LAG: ("lag",),
}


def _name(field: str, value: object) -> str:
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    raise BadRule(field, value, "use 1 to 60 letters, digits, '_' and '-'")


def _text(field: str, value: object) -> str:
    if isinstance(value, str):
        return value
    raise BadRule(field, value, "give text")


def _words(field: str, value: object) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(
        isinstance(word, str) and word.strip() for word in words
    ):
        raise BadRule(field, value, 'give a list, like ["one", "two"]')
    if len(words) > _MOST or not all(word.isprintable() and len(word) <= _MOST for word in words):
        raise BadRule(field, None, f"give at most {_MOST} names of at most {_MOST} printable characters each")
    return tuple(words)


def seconds_of(field: str, value: object) -> float:
    """Read how long something takes: "90s", "15m", "2h", "1d", a number of seconds, a timedelta."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        seconds = float(found[1]) * _SECONDS[found[2]]
    else:
        raise BadRule(field, value, 'give a time such as "90s", "15m", "2h" or "1d"')
    if not 0 < seconds <= 366 * 86400:
        raise BadRule(field, value, "give a time longer than zero, and at most a year")
    return float(seconds)


def span(seconds: float) -> str:
    """Say how long something takes, with two units at most: 1 h 5 min."""
    rest, words = round(seconds), []
    for size, unit in _UNITS:
        if rest >= size:
            words.append(f"{rest // size} {unit}")
            rest %= size
    if rest or not words:
        words.append(f"{rest} s")
    return " ".join(words[:2])


def _repeat(field: str, value: object) -> float:
    if value in ("always", ALWAYS):
        return ALWAYS
    seconds = seconds_of(field, value)
    if seconds < _LEAST_REPEAT_S:
        raise BadRule(field, value, "tell people again after a minute at the earliest")
    return seconds


def _factor(field: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 100:
        return float(value)
    raise BadRule(field, value, "give a number from 1 to 100")


def _count(low: int, high: int) -> Callable[[str, object], Any]:
    def read(field: str, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise BadRule(field, value, f"give a whole number from {low} to {high}")

    return read


def _flag(field: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise BadRule(field, value, "give true or false")


def _over(field: str, value: object) -> str:
    if value in ("median", "p95"):
        return str(value)
    raise BadRule(field, value, "give 'median' or 'p95'")


def clock_time(text: str) -> time:
    """Read a time of day, like 07:00. Raises ValueError."""
    if not re.fullmatch(r"\d\d:\d\d", text):
        raise ValueError(text)
    return time.fromisoformat(text)


def _by(field: str, value: object) -> str:
    try:
        return f"{clock_time(str(value)):%H:%M}"
    except ValueError:
        raise BadRule(field, value, 'give a time of day, like "07:00"') from None


def _quiet(field: str, value: object) -> str:
    try:
        start, end = (clock_time(part) for part in str(value).split("-"))
    except ValueError:
        raise BadRule(field, value, 'give two times of day, like "22:00-07:00"') from None
    if start == end:
        raise BadRule(field, value, "these hours never end, and nobody would be told")
    return str(value)


def _zone(field: str, value: object) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (KeyError, ValueError, OSError):
        raise BadRule(field, value, 'is unknown; give a name such as "Europe/Berlin" or "UTC"') from None


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "name": _name,
    "when": _text,
    "to": _words,
    "dags": _words,
    "tags": _words,
    "owners": _words,
    "count": _count(2, 1000),
    "within": seconds_of,
    "factor": _factor,
    "over": _over,
    "runs": _count(2, 200),
    "at_least": _count(1, 200),
    "by": _by,
    "after": seconds_of,
    "queues": _words,
    "lag": seconds_of,
    "assets": _words,
    "warn": _flag,
    "repeat": _repeat,
    "recovered": _flag,
    "quiet": _quiet,
    "timezone": _zone,
}
