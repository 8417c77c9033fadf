"""The sentences of alerts: what people read in a message, on the page and in the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from scheduler.alert_rules import AlertRule, When, span
from scheduler.core.alerts import Step
from scheduler.core.freshness import in_words
from scheduler.store.alert_facts import AssetAge, Lag, LostWorker
from scheduler.store.alerts import Firing
from scheduler.store.tellings import message_id


def failed(dag_id: str, run_id: str, reason: str, error: str = "") -> str:
    """Say that a run failed, and which error was the first."""
    why = reason if reason.startswith("failed") else f"failed: {reason}"
    return f"Run {run_id} of {dag_id} {why}" + (f". {error}" if error else "")


def failed_often(rule: AlertRule, dag_id: str, last: str) -> str:
    """Say that runs failed again and again, and what was said of the last."""
    return f"{rule.count} runs of {dag_id} failed within {span(rule.within)}. {last}"


def too_long(rule: AlertRule, dag_id: str, run_id: str) -> str:
    """Say that a run takes longer than usual."""
    return f"Run {run_id} of {dag_id} takes longer than {rule.factor:g} times what good runs usually take."


def too_late(rule: AlertRule, dag_id: str, run_id: str) -> str:
    """Say that a run has not come as far as it should have."""
    done = "started" if rule.when == When.NOT_STARTED else "succeeded"
    if run_id:
        return f"Run {run_id} of {dag_id} has not {done} within {span(rule.after)} after it was due."
    return (
        f"No run of {dag_id} that was due in the day before {rule.by} ({rule.timezone}) has {done} by then."
    )


def lags(lag: Lag, now: datetime) -> str:
    """Say that a queue lags."""
    workers = "1 worker serves" if lag.workers == 1 else f"{lag.workers or 'no'} workers serve"
    served = f"which {workers}"
    return (
        f"Something has waited for {span((now - lag.since).total_seconds())} in queue {lag.queue}, {served}."
    )


def lost(worker: LostWorker, now: datetime) -> str:
    """Say that a worker is lost."""
    silent = span((now - worker.silent_since).total_seconds())
    return f"Worker {worker.id} on {worker.hostname} is lost: its lease ran out {silent} ago. Others do its work."


def stale(age: AssetAge) -> str:
    """Say that an asset is older than promised."""
    return (
        f"Asset {age.name} changed last at {age.changed_at:%Y-%m-%d %H:%M:%S} UTC. "
        f"It is to be {in_words(age.freshness)}."
    )


def title_of(step: Step, firing: Firing) -> str:
    """Return the first line of a message."""
    start = {Step.FIRED: "", Step.REMINDED: "Still: ", Step.RECOVERED: "Over: "}[step]
    return start + _fact(firing)


def _fact(firing: Firing) -> str:
    rule, subject = firing.rule, firing.subject
    match When(rule.when):
        case When.FAILURE:
            return f"{subject.dag_id} failed"
        case When.FAILURES:
            return f"{subject.dag_id} failed {rule.count} times within {span(rule.within)}"
        case When.LONGER_THAN_USUAL:
            return f"{subject.dag_id} takes longer than usual"
        case When.NOT_STARTED:
            return f"{subject.dag_id} has not started in time"
        case When.NOT_FINISHED:
            return f"{subject.dag_id} has not succeeded in time"
        case of_the_system:
            return _OF_THE_SYSTEM[of_the_system].format(subject.key)


#: Facts about what is no DAG, by its name.
_OF_THE_SYSTEM: Final = {
    When.QUEUE_LAG: "queue {} lags",
    When.WORKER_LOST: "worker {} is lost",
    When.STALE_ASSET: "asset {} is stale",
}


def message_of(step: Step, firing: Firing) -> dict[str, Any]:
    """Return what the outbox keeps of a message. Its id is the same however often it is sent."""
    about = firing.over_reason if step is Step.RECOVERED else firing.reason
    since = f"{firing.since.astimezone(ZoneInfo(firing.rule.timezone)):%Y-%m-%d %H:%M:%S %Z}"
    return {
        "title": title_of(step, firing),
        "body": f"{about}\nRule {firing.rule.name}, since {since}. Message {message_id(step, firing)}.",
        "link": link_of(firing),
        "type": "success" if step is Step.RECOVERED else "failure",
        "message_id": message_id(step, firing),
    }


def link_of(firing: Firing) -> str:
    """Return the path of the page that shows what it is about."""
    subject = firing.subject
    if firing.rule.when == When.STALE_ASSET:
        return f"/asset?name={quote(subject.key, safe='')}"
    if subject.run_id:
        return f"/dags/{quote(subject.dag_id)}/runs/{quote(subject.run_id)}"
    return f"/dags/{quote(subject.dag_id)}" if subject.dag_id else "/alerts"
