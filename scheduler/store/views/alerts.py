"""Alert rules, firings and channels as the command line and the page show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scheduler.alert_rules import ALWAYS, AlertRule, When, span
from scheduler.store.alerts import Firing
from scheduler.store.outbox import ChannelRow
from scheduler.store.tellings import Telling


def rule_fields(rule: AlertRule, firing: Sequence[Firing]) -> dict[str, Any]:
    """Return a rule and its state, as JSON holds it."""
    since = min((each.since for each in firing), default=None)
    return {
        "name": rule.name,
        "when": str(rule.when),
        "condition": condition(rule),
        "about": about(rule),
        "to": ", ".join(rule.to),
        "state": "firing" if firing else "quiet",
        "firing_since": since,
        "subjects": ", ".join(each.subject.key for each in firing),
        "repeat": "always" if rule.repeat == ALWAYS else span(rule.repeat) if rule.repeat else None,
        "recovered": rule.recovered,
        "quiet": rule.quiet or None,
        "timezone": rule.timezone,
    }


def condition(rule: AlertRule) -> str:
    """Say when a rule fires."""
    match When(rule.when):
        case When.FAILURE:
            return "a run fails"
        case When.FAILURES:
            return f"{rule.count} runs fail within {span(rule.within)}"
        case When.LONGER_THAN_USUAL:
            usual = "the median" if rule.over == "median" else "what 95 in 100 take at most"
            return f"a run takes {rule.factor:g} times {usual} of the last {rule.runs} good runs"
        case When.NOT_STARTED:
            return f"no run has started {_limit(rule)}"
        case When.NOT_FINISHED:
            return f"no run has succeeded {_limit(rule)}"
        case of_the_system:
            return _condition_of_the_system(of_the_system, rule)


def _condition_of_the_system(when: When, rule: AlertRule) -> str:
    if when == When.QUEUE_LAG:
        return f"something waits longer than {span(rule.lag)}"
    if when == When.WORKER_LOST:
        return "a worker falls silent"
    return "an asset is late or stale" if rule.warn else "an asset is stale"


def _limit(rule: AlertRule) -> str:
    return f"by {rule.by} ({rule.timezone})" if rule.by else f"{span(rule.after)} after it was due"


def about(rule: AlertRule) -> str:
    """Say what a rule looks at."""
    if rule.when == When.WORKER_LOST:
        return "workers"
    if rule.when == When.QUEUE_LAG:
        return f"queues {', '.join(rule.queues)}" if rule.queues else "all queues"
    if rule.when == When.STALE_ASSET:
        return f"assets {', '.join(rule.assets)}" if rule.assets else "all assets that promise freshness"
    chosen = [
        *rule.dags,
        *(f"tag {tag}" for tag in rule.tags),
        *(f"owner {owner}" for owner in rule.owners),
    ]
    return ", ".join(chosen) or "all DAGs"


def firing_fields(firing: Firing, telling: Telling) -> dict[str, Any]:
    """Return a firing and how far its newest message came, as JSON holds it."""
    return {
        "id": firing.id,
        "rule": firing.rule.name,
        "when": str(firing.rule.when),
        "subject": firing.subject.key,
        "dag_id": firing.subject.dag_id or None,
        "dag_run_id": firing.subject.run_id or None,
        "state": "over" if firing.over_at else "firing",
        "since": firing.since,
        "over_at": firing.over_at,
        "told_at": telling.sent_at,
        "messages": firing.times,
        "not_told": ", ".join((*telling.waiting, *telling.given_up)),
        "reason": firing.reason,
        "over_reason": firing.over_reason or None,
    }


def channel_fields(services: Mapping[str, str], rows: Sequence[ChannelRow]) -> list[dict[str, Any]]:
    """Return the channels of the settings, and those that messages wait for in vain, as JSON holds them."""
    sent = {row.channel: row for row in rows}
    unknown = [row.channel for row in rows if row.waiting and row.channel not in services]
    return [
        {
            "name": name,
            "service": services.get(name),
            "waiting": sent[name].waiting if name in sent else 0,
            "last_sent_at": sent[name].last_sent_at if name in sent else None,
            "error": (sent[name].error if name in services else "there is no channel of this name")
            if name in sent
            else "",
        }
        for name in (*services, *unknown)
    ]
