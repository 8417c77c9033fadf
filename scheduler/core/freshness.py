"""How fresh an asset is, by what its file promises of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.alert_rules import span
from scheduler.core.cron import read_cron
from scheduler.errors import BadDag, BadSchedule
from scheduler.wire import Data

_MOMENT = timedelta(microseconds=1)


class Freshness(StrEnum):
    """Whether an asset is as fresh as it is meant to be."""

    FRESH = "fresh"
    #: Older than the window in which people are to be warned.
    LATE = "late"
    STALE = "stale"
    #: It has never changed.
    UNKNOWN = "unknown"


def judge(policy: Data, changed_at: datetime | None, now: datetime) -> Freshness:
    """Return how fresh an asset is that changed last at an instant.

    A policy is `{"fail_s": ..., "warn_s": ...}`, or `{"cron": ..., "timezone": ..., "within_s": ...}`: at each instant
    of the expression it must have changed no longer ago than so.
    """
    if changed_at is None:
        return Freshness.UNKNOWN
    if "cron" in policy:
        deadline = read_cron(policy["cron"], policy["timezone"]).last_before(now + _MOMENT)
        is_late = deadline is not None and changed_at < deadline - timedelta(seconds=policy["within_s"])
        return Freshness.STALE if is_late else Freshness.FRESH
    age_s = (now - changed_at).total_seconds()
    if age_s > policy["fail_s"]:
        return Freshness.STALE
    warn_s = policy.get("warn_s")
    return Freshness.LATE if warn_s is not None and age_s > warn_s else Freshness.FRESH


def check_policy(what: str, policy: Data) -> None:
    """Raise BadDag for what is no policy: it comes from a child that ran user code."""
    try:
        judge(
            policy,
            datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
            datetime.fromisoformat("2026-01-02T00:00:00+00:00"),
        )
        in_words(policy)
    except (ArithmeticError, AttributeError, BadSchedule, KeyError, TypeError, ValueError) as error:
        raise BadDag(f"{what} promises freshness in a form that cannot be read: {error!r}") from None


def in_words(policy: Data) -> str:
    """Return a policy as people read it."""
    if "cron" in policy:
        within = _span(policy["within_s"])
        return f"changed within {within} before each instant of {policy['cron']} ({policy['timezone']})"
    warn = f", warned of after {_span(policy['warn_s'])}" if policy.get("warn_s") else ""
    return f"no older than {_span(policy['fail_s'])}{warn}"


def _span(seconds: float) -> str:
    """Say how long something is. Raises OverflowError for what no instant can be away from another."""
    return span(timedelta(seconds=seconds).total_seconds())
