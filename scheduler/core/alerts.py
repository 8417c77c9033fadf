"""What alert rules decide: whom a rule concerns, when something is too late, and what is told of it.

A *firing* lasts from the first moment at which a rule holds for its subject to the first at which it no longer does.
People are told once when it begins; again after each `repeat`, where the rule asks for it; and, where the rule asks for
that, once when it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from scheduler.alert_rules import ALWAYS, OF_THE_SYSTEM, AlertRule, clock_time, rules_of_dag
from scheduler.wire import DagSpec

_DAY: Final = timedelta(days=1)


class Step(StrEnum):
    """What happens to a firing, and so what is told."""

    FIRED = "fired"
    REMINDED = "reminded"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Marks:
    """By what rules choose DAGs."""

    dag_id: str
    owner: str = ""
    tags: Sequence[str] = ()


def concerns(rule: AlertRule, dag: Marks) -> bool:
    """Tell whether a rule chooses a DAG: by its id, and its tags, and its owner, as far as the rule names them."""
    return (
        is_named(rule.dags, dag.dag_id)
        and _is_any(rule.tags, dag.tags)
        and _is_any(rule.owners, [owner.strip() for owner in dag.owner.split(",")])
    )


def is_named(patterns: Sequence[str], name: str) -> bool:
    """Tell whether a name fits one of these patterns; without any, each does."""
    return _is_any(patterns, [name])


def _is_any(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def rules_for(rules: Sequence[AlertRule], spec: DagSpec) -> list[AlertRule]:
    """Return the rules that concern a DAG: those of the settings that choose it, and its file's own."""
    marks = Marks(spec.dag_id, spec.owner, spec.tags)
    own = rules_of_dag(spec.alerts, spec.dag_id)
    return [*(rule for rule in rules if rule.when not in OF_THE_SYSTEM and concerns(rule, marks)), *own]


def next_step(
    rule: AlertRule, told_at: datetime | None, now: datetime, *, holds: bool, is_new: bool = False
) -> Step | None:
    """Return what is to be told of a subject, if anything.

    `told_at`: when people were last told of its firing, None where there is none. `is_new`: the rule holds for another
    reason than before, such as one more failed run.
    """
    if told_at is None:
        return Step.FIRED if holds else None
    if not holds:
        return Step.RECOVERED
    is_due = rule.repeat > 0 and now >= told_at + timedelta(seconds=rule.repeat)
    return Step.REMINDED if is_due or (is_new and rule.repeat == ALWAYS) else None


def remind_at(rule: AlertRule, told_at: datetime) -> datetime | None:
    """Return when people are told again while nothing changes; None: never."""
    return told_at + timedelta(seconds=rule.repeat) if rule.repeat > 0 else None


def may_tell_at(rule: AlertRule, now: datetime) -> datetime:
    """Return the instant from which on a message may go out: `now`, or the end of the quiet hours."""
    if not rule.quiet:
        return now
    start, end = (clock_time(part) for part in rule.quiet.split("-"))
    local = now.astimezone(ZoneInfo(rule.timezone))
    moment = local.time()
    is_quiet = start <= moment < end if start < end else moment >= start or moment < end
    if not is_quiet:
        return now
    day = local.date() if moment < end else local.date() + _DAY
    return _local(rule, day, end.strftime("%H:%M"))


def fails_until(rule: AlertRule, failed_at: Sequence[datetime], now: datetime) -> datetime | None:
    """Return until when, at least, there are `count` failures `within` the time before; None: there are not.

    `failed_at`: when runs failed, newest first; more than `count` are not looked at.
    """
    window = timedelta(seconds=rule.within)
    if len(failed_at) < rule.count or failed_at[rule.count - 1] + window <= now:
        return None
    return failed_at[rule.count - 1] + window


def usual_s(rule: AlertRule, seconds: Sequence[float]) -> float | None:
    """Return what good runs usually take by this rule; None where there were too few of them."""
    if len(seconds) < rule.at_least:
        return None
    if rule.over == "median":
        return median(seconds)
    return sorted(seconds)[max(0, -(-95 * len(seconds) // 100) - 1)]


def too_long_at(rule: AlertRule, seconds: Sequence[float], start: datetime) -> datetime | None:
    """Return the instant at which a run that begins at `start` has taken longer than usual."""
    usual = usual_s(rule, seconds)
    return None if usual is None else start + timedelta(seconds=max(1.0, usual * rule.factor))


def next_by(rule: AlertRule, after: datetime) -> datetime:
    """Return the first time of day `by`, strictly after an instant; twice or never a day, as clocks change, is once."""
    day = after.astimezone(ZoneInfo(rule.timezone)).date()
    at = _local(rule, day, rule.by)
    return at if at > after else _local(rule, day + _DAY, rule.by)


def window_of(rule: AlertRule, at: datetime) -> tuple[datetime, datetime]:
    """Return the day that ends with the time of day `at`: what was due in it must have come about by then."""
    day = at.astimezone(ZoneInfo(rule.timezone)).date()
    return _local(rule, day - _DAY, rule.by), at


def _local(rule: AlertRule, day: date, by: str) -> datetime:
    return datetime.combine(day, clock_time(by), ZoneInfo(rule.timezone)).astimezone(UTC)
