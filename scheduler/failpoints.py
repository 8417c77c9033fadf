"""Failpoints: named places in which a test makes a process crash, wait or fail.

Nothing happens in them unless `DIRIGENT_TEST_FAILPOINTS` said so when the process started:

    claimed.committed=crash@3; renewed.open=sleep:0.5@2+; publish=raise@~0.1

A transaction passes two places for each `Edge` that it crosses: `<edge>.open` just before its commit and
`<edge>.committed` just after. A `Spot` stands outside of transactions. Actions: `crash` (SIGKILL to the process
itself), `sleep:<seconds>`, `raise` (as if the database or the broker had gone). When: `@3` the third time in this
process (`@1` unless given), `@3+` from the third time on, `@~0.1` with this chance each time.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

from scheduler.errors import BadSetting, DatabaseUnavailable

VARIABLE: Final = "DIRIGENT_TEST_FAILPOINTS"


class Edge(StrEnum):
    """What a transaction does that others rely on once it is committed."""

    RUN_CREATED = "run-created"
    PLANNED = "planned"
    QUEUED = "queued"
    CLAIMED = "claimed"
    RELEASED = "released"
    RENEWED = "renewed"
    REPORTED = "reported"
    LOSS_RECORDED = "loss-recorded"
    ALERTED = "alerted"
    WATCHED = "watched"
    RESUMED = "resumed"
    ASSETS_CHANGED = "assets-changed"
    ASSETS_TAKEN = "assets-taken"
    LEAD_TAKEN = "lead-taken"
    LEAD_YIELDED = "lead-yielded"


class Moment(StrEnum):
    """Which side of the commit."""

    OPEN = "open"
    COMMITTED = "committed"


class Spot(StrEnum):
    """Places outside of transactions."""

    #: A ticket is about to go out; it has gone out.
    PUBLISH = "publish"
    PUBLISHED = "published"
    #: A claimed attempt is about to be handed to the supervisor; it was.
    LAUNCH = "launch"
    LAUNCHED = "launched"
    #: A worker holds an outcome that it has not recorded.
    OUTCOME_TAKEN = "outcome-taken"
    #: A message to people is about to go out; it has gone out.
    MESSAGE = "message"
    MESSAGE_SENT = "message-sent"
    #: In the process of an attempt: before it has read its job; after it has told its outcome.
    ATTEMPT_BORN = "attempt-born"
    OUTCOME_TOLD = "outcome-told"
    #: A commit of the DAG repository was fetched; it stands as a folder, and is about to come into force.
    BUNDLE_FETCHED = "bundle-fetched"
    BUNDLE_WRITTEN = "bundle-written"


class Act(StrEnum):
    """What is done where a rule holds."""

    CRASH = "crash"
    SLEEP = "sleep"
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do in one place, and when."""

    act: Act
    seconds: float = 0.0
    first: int = 1
    goes_on: bool = False
    chance: float | None = None

    def holds(self, hit: int) -> bool:
        """Tell whether it is for this hit of the place; the first is 1."""
        if self.chance is not None:
            return random.random() < self.chance
        return hit >= self.first if self.goes_on else hit == self.first


PLACES: Final = frozenset({f"{edge}.{moment}" for edge in Edge for moment in Moment} | set(Spot))
_RULE: Final = re.compile(
    r"(?P<place>[a-z.-]+)=(?P<act>crash|raise|sleep:(?P<seconds>\d+(\.\d+)?))"
    r"(@((?P<first>\d+)(?P<more>\+?)|~(?P<chance>[01](\.\d+)?)))?"
)


def rules_of(text: str) -> dict[str, Rule]:
    """Read what the variable says; raises BadSetting that names the part it cannot read."""
    parts = [part.strip() for part in text.split(";")]
    return dict(_rule_of(part) for part in parts if part)


def _rule_of(part: str) -> tuple[str, Rule]:
    found = _RULE.fullmatch(part)
    if found is None:
        raise BadSetting(
            VARIABLE, part, "write it like claimed.committed=crash@3; see scheduler/failpoints.py"
        )
    if found["place"] not in PLACES:
        raise BadSetting(VARIABLE, part, f"there are the places {', '.join(sorted(PLACES))}")
    chance = None if found["chance"] is None else float(found["chance"])
    rule = Rule(
        Act(found["act"].partition(":")[0]),
        float(found["seconds"] or 0),
        int(found["first"] or 1),
        bool(found["more"]),
        chance,
    )
    return found["place"], rule


_rules: Final[Mapping[str, Rule]] = rules_of(os.environ.get(VARIABLE, ""))
_hits: Final[Counter[str]] = Counter()
#: Whether this process has any: read once, at its start.
ARMED: Final = bool(_rules)


def described() -> str:
    """Say which failpoints this process has, for its log."""
    return "; ".join(f"{place}: {rule.act}" for place, rule in sorted(_rules.items()))


def reach(spot: Spot) -> None:
    """Do what is asked for here, if anything is."""
    if ARMED:
        _pass(spot, ConnectionError)


def cross(edges: Iterable[Edge], moment: Moment) -> None:
    """Do what is asked for at these edges of a transaction, if anything is."""
    for edge in edges:
        _pass(f"{edge}.{moment}", DatabaseUnavailable)


def _pass(place: str, failure: type[Exception]) -> None:
    rule = _rules.get(place)
    if rule is None:
        return
    _hits[place] += 1
    if rule.holds(_hits[place]):
        _do(rule, place, failure)


def _do(rule: Rule, place: str, failure: type[Exception]) -> None:
    match rule.act:
        case Act.CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
        case Act.SLEEP:
            time.sleep(rule.seconds)
        case Act.RAISE:
            raise failure(f"The failpoint {place} was reached.")
        case unknown:
            assert_never(unknown)
