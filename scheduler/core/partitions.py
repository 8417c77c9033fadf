"""Partitions of assets: which keys of those that come belong to which run of a DAG, and when such a run may begin.

A mapper is plain data, as `sdk.partitions` writes it; `kind` says which one it is:

`identity`; `start` (of an hour, day, ... in which a key lies: `of`, `timezone`, `input`, `output`); `product` and
`chain` (`mappers`); `allowed` (`keys`); `fixed` (`key`); `rollup` (many keys of `mapper` to one: `window`, `least`);
`fan_out` (one key of `mapper` to many: `window`, `into`). A window is `{"of": "day", "backward": false}`, or
`{"segments": [...]}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from scheduler.core.assets import Mark
from scheduler.core.cron import read_cron
from scheduler.errors import BadDag
from scheduler.wire import DagSpec, Data

#: Keys that one key may be mapped to, where the mapper names no other number.
MOST_KEYS: Final = 1000
#: A member of a window: the start of a part of time by its own clock, or a key.
Member: TypeAlias = datetime | str
#: What stands for a part of a date in a key; as `strftime` writes it.
_DIGITS: Final = {"Y": r"\d{4}", **dict.fromkeys("mdHMSVUW", r"\d{2}")}


class BadKey(ValueError):
    """A key that a mapper cannot read, or that leads to too many."""


def targets(mapper: Data, key: str) -> tuple[str, ...]:
    """Return the keys of the runs that a key counts for. Raises BadKey."""
    try:
        found = tuple(dict.fromkeys(_TARGETS[mapper["kind"]](mapper, key)))
    except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
        raise BadKey(f"{key!r} cannot be mapped by {mapper.get('kind')}: {error}") from None
    most = mapper.get("most") or MOST_KEYS
    if len(found) > most:
        raise BadKey(f"{key!r} would begin {len(found)} runs, and max_downstream_keys is {most}")
    return found


def is_complete(mapper: Data, target: str, arrived: Collection[str]) -> bool:
    """Tell whether of one asset enough keys have come for a run."""
    if mapper["kind"] != "rollup":
        return bool(arrived)
    expected = expected_keys(mapper, target)
    there = len(expected.intersection(arrived))
    least: int | None = mapper.get("least")
    if least is None:
        return there == len(expected)
    return there >= (least if least > 0 else max(0, len(expected) + least))


def expected_keys(mapper: Data, target: str) -> frozenset[str]:
    """Return the keys that a roll-up waits for. Raises BadKey for a target that it never makes."""
    try:
        inner = mapper["mapper"]
        return frozenset(_written(inner, each) for each in _members(mapper["window"], _read(inner, target)))
    except (KeyError, ValueError, TypeError) as error:
        raise BadKey(f"{target!r} is no key of this roll-up: {error}") from None


def mapper_of(partitions: Data, marks: Collection[Mark]) -> Data:
    """Return by which mapper the keys of an asset are read that is known by these marks."""
    for kind, value, mapper in partitions.get("by", ()):
        if Mark(kind, value) in marks:
            found: Data = mapper
            return found
    default: Data = partitions["default"]
    return default


def date_of(mapper: Data, target: str) -> datetime | None:
    """Return the instant at which the part of time begins that a key names; None for one that names none."""
    kind = mapper["kind"]
    if kind == "rollup":
        return date_of(mapper["mapper"], target)
    if kind == "fan_out":
        return date_of(mapper["into"], target)
    if kind == "chain":
        return date_of(mapper["mappers"][-1], target)
    if kind == "product":
        return _only_date(mapper, target)
    return _aware(mapper, _decoded(mapper, target)) if kind == "start" else None


def of_schedule(spec: DagSpec, run_at: datetime) -> tuple[str | None, datetime | None]:
    """Return key and date of the partition that a run of a schedule makes; none for a schedule without partitions."""
    asked = (spec.schedule.partitions or {}).get("cron")
    if asked is None:
        return None, None
    instants = read_cron(spec.schedule.cron or "", spec.timezone)
    at: datetime | None = run_at
    for _ in range(abs(asked["offset"])):
        at = at and (instants.next_after(at) if asked["offset"] > 0 else instants.last_before(at))
    return (
        (None, None) if at is None else (at.astimezone(ZoneInfo(spec.timezone)).strftime(asked["format"]), at)
    )


def check_partitions(what: str, partitions: Data) -> None:
    """Raise BadDag for what is no plain form of partitions: it comes from a child that ran user code."""
    try:
        for mapper in [partitions["default"], *(each[2] for each in partitions["by"])]:
            _check(mapper)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadDag(f"{what} maps partitions in a form that cannot be read: {error!r}") from None


def _check(mapper: Data, depth: int = 0) -> None:
    if mapper["kind"] not in _TARGETS or depth > 20:
        raise ValueError(mapper["kind"])
    for each in (
        *mapper.get("mappers", ()),
        *(mapper[name] for name in ("mapper", "into") if name in mapper),
    ):
        _check(each, depth + 1)


def _identity(mapper: Data, key: str) -> Sequence[str]:
    return (key,)


def _start(mapper: Data, key: str) -> Sequence[str]:
    read = datetime.strptime(key, mapper["input"])  # noqa: DTZ007 - its zone comes next
    zone = ZoneInfo(mapper["timezone"])
    local = read.replace(tzinfo=zone) if read.tzinfo is None else read.astimezone(zone)
    return (_formatted(mapper, _normal(mapper["of"], local)),)


def _product(mapper: Data, key: str) -> Sequence[str]:
    parts = key.split(mapper["delimiter"])
    if len(parts) != len(mapper["mappers"]):
        raise ValueError(f"it has {len(parts)} parts, not {len(mapper['mappers'])}")
    return (
        mapper["delimiter"].join(
            _one(each, part) for each, part in zip(mapper["mappers"], parts, strict=True)
        ),
    )


def _one(mapper: Data, key: str) -> str:
    (found,) = _TARGETS[mapper["kind"]](mapper, key)
    return found


def _chain(mapper: Data, key: str) -> Sequence[str]:
    keys: Sequence[str] = (key,)
    for each in mapper["mappers"]:
        keys = [found for one in keys for found in targets(each, one)]
    return keys


def _allowed(mapper: Data, key: str) -> Sequence[str]:
    if key not in mapper["keys"]:
        raise ValueError(f"it is none of {', '.join(mapper['keys'])}")
    return (key,)


def _fixed(mapper: Data, key: str) -> Sequence[str]:
    return (mapper["key"],)


def _rollup(mapper: Data, key: str) -> Sequence[str]:
    return targets(mapper["mapper"], key)


def _fan_out(mapper: Data, key: str) -> Sequence[str]:
    coarse = _read(mapper["mapper"], _one(mapper["mapper"], key))
    return [_shown(mapper["into"], each) for each in _members(mapper["window"], coarse)]


_TARGETS: Final[Mapping[str, Callable[[Data, str], Sequence[str]]]] = {
    "identity": _identity,
    "start": _start,
    "product": _product,
    "chain": _chain,
    "allowed": _allowed,
    "fixed": _fixed,
    "rollup": _rollup,
    "fan_out": _fan_out,
}


def _normal(of: str, at: datetime) -> datetime:
    """Return the start of the hour, day, ... in which an instant lies."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if of == "hour":
        return hour
    day = hour.replace(hour=0)
    if of == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}.get(of)
    return day if month is None else day.replace(month=month, day=1)


def _formatted(mapper: Data, at: datetime) -> str:
    if mapper["kind"] != "start":
        return at.isoformat()
    written: str = at.strftime(mapper["output"])
    return written.replace("{quarter}", str((at.month - 1) // 3 + 1))


def _decoded(mapper: Data, key: str) -> datetime:
    """Read a key that `_formatted` wrote: the parts of a date that it names, the others from their beginning."""
    pattern = re.escape(mapper["output"]).replace(r"\{quarter\}", "(?P<quarter>[1-4])")
    for letter, digits in _DIGITS.items():
        pattern = pattern.replace(f"%{letter}", f"(?P<{letter}>{digits})", 1)
    match = re.fullmatch(pattern, key)
    if match is None or "Y" not in match.groupdict():
        raise ValueError(f"it is not of the form {mapper['output']!r}")
    found = {name: int(value) for name, value in match.groupdict().items()}
    month = (found["quarter"] - 1) * 3 + 1 if "quarter" in found else found.get("m", 1)
    return datetime(found["Y"], month, found.get("d", 1), found.get("H", 0), found.get("M", 0))  # noqa: DTZ001 - wall clock


def _read(mapper: Data, key: str) -> Member:
    return _decoded(mapper, key) if mapper["kind"] == "start" else key


def _written(mapper: Data, member: Member) -> str:
    """Return a member of a window as a key that comes."""
    if isinstance(member, str):
        return member
    written: str = member.replace(tzinfo=ZoneInfo(mapper["timezone"])).strftime(mapper["input"])
    return written


def _shown(mapper: Data, member: Member) -> str:
    """Return a member of a window as a key of a run."""
    return _formatted(mapper, member) if isinstance(member, datetime) else member


def _aware(mapper: Data, at: datetime) -> datetime:
    return _normal(mapper["of"], at).replace(tzinfo=ZoneInfo(mapper["timezone"]))


def _only_date(mapper: Data, target: str) -> datetime | None:
    parts = target.split(mapper["delimiter"])
    if len(parts) != len(mapper["mappers"]):
        return None
    found = [date_of(each, part) for each, part in zip(mapper["mappers"], parts, strict=True)]
    dates = [each for each in found if each is not None]
    return dates[0] if len(dates) == 1 else None


def _members(window: Data, start: Member) -> Sequence[Member]:
    """Return what a window is made of: what starts at `start`, or ends with it where it looks backward."""
    if "segments" in window:
        segments: Sequence[str] = window["segments"]
        return segments
    if not isinstance(start, datetime):
        raise TypeError("its window is one of time")
    if window["of"] == "month":
        return _days_of_month(start, is_backward=window["backward"])
    count, step = _STEPS[window["of"]]
    first = 1 - count if window["backward"] else 0
    return [step(start, first + each) for each in range(count)]


def _days_of_month(start: datetime, *, is_backward: bool) -> Sequence[datetime]:
    other = _month_later(start, -1 if is_backward else 1)
    days = abs((other - start).days)
    begin = other + timedelta(days=1) if is_backward else start
    return [begin + timedelta(days=each) for each in range(days)]


def _month_later(at: datetime, months: int) -> datetime:
    if at.day != 1:
        raise ValueError("windows of months begin with the first day of one")
    total = at.month - 1 + months
    return at.replace(year=at.year + total // 12, month=total % 12 + 1)


_STEPS: Final[Mapping[str, tuple[int, Callable[[datetime, int], datetime]]]] = {
    "hour": (60, lambda at, n: at + timedelta(minutes=n)),
    "day": (24, lambda at, n: at + timedelta(hours=n)),
    "week": (7, lambda at, n: at + timedelta(days=n)),
    "quarter": (3, _month_later),
    "year": (12, _month_later),
}
