"""Firings of alert rules, and the instants at which a rule is to be judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.alert_rules import AlertRule, When, rule_from_data
from scheduler.core.alerts import next_by
from scheduler.store.engine import Session
from scheduler.store.tables import alert, alert_watch
from scheduler.store.upsert import insert_into

A = alert.c
W = alert_watch.c
#: Key of what a rule of the settings that has a time of day is watched by: it chooses its DAGs when that has come.
EVERY_DAG: Final = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule fires about. `key` tells it from the rule's other subjects."""

    key: str
    dag_id: str = ""
    run_pk: int | None = None
    run_id: str = ""


def run_subject(dag_id: str, run_pk: int, run_id: str) -> Subject:
    """Return a run as what a rule fires about."""
    return Subject(f"{dag_id} {run_id}", dag_id, run_pk, run_id)


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a rule, with the rule as it stood when it began."""

    id: int
    rule: AlertRule
    subject: Subject
    reason: str
    since: datetime
    told_at: datetime
    times: int
    over_at: datetime | None
    over_reason: str


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A rule that is to be judged at an instant."""

    id: int
    rule: AlertRule
    subject: Subject
    due_at: datetime


_FIRING: Final = (
    A.id, A.definition, A.subject, A.dag_id, A.run_pk, A.run_id, A.reason, A.since, A.told_at, A.times, A.over_at,
    A.over_reason,
)  # fmt: skip
_WATCH: Final = (W.id, W.definition, W.subject, W.dag_id, W.run_pk, W.due_at)
_IS_LIVE: Final = A.over_at.is_(None)


def _firings(rows: Iterable[Sequence[Any]]) -> list[Firing]:
    return [
        Firing(row[0], rule_from_data(row[1]), Subject(*row[2:6]), *row[6:])
        for row in rows
        if _is_known(row[1])
    ]


def _is_known(definition: Mapping[str, Any]) -> bool:
    """Tell whether this program knows rules of that kind: a newer one may have written it."""
    return definition["when"] in list(When)


def live_firings(session: Session, limit: int) -> list[Firing]:
    """Return what fires, oldest first, of all rules."""
    return _firings(session.execute(sa.select(*_FIRING).where(_IS_LIVE).order_by(A.id).limit(limit)))


def live_firings_of(session: Session, dag_ids: Collection[str]) -> list[Firing]:
    """Return what fires about these DAGs and their runs, locked."""
    query = sa.select(*_FIRING).where(_IS_LIVE, A.dag_id.in_(sorted(dag_ids)))
    return _firings(session.execute(query.order_by(A.id).with_for_update()))


def list_firings(
    session: Session, limit: int, *, before: int | None = None, only_over: bool = False
) -> list[Firing]:
    """Return firings, newest first, those that are over or all of them, from the one before `before` on."""
    query = sa.select(*_FIRING).order_by(A.id.desc()).limit(limit)
    if only_over:
        query = query.where(A.over_at.is_not(None))
    return _firings(session.execute(query if before is None else query.where(A.id < before)))


def begin_firing(
    session: Session, now: datetime, rule: AlertRule, subject: Subject, reason: str
) -> Firing | None:
    """Record that a rule holds; None where it fires about that subject already."""
    values = {
        "rule": rule.name,
        "subject": subject.key,
        "dag_id": subject.dag_id,
        "run_pk": subject.run_pk,
        "run_id": subject.run_id,
        "definition": rule.data,
        "reason": reason,
        "since": now,
        "told_at": now,
        "times": 1,
    }
    statement = insert_into(session, alert).values(values).on_conflict_do_nothing().returning(*_FIRING)
    found = _firings(session.execute(statement))
    return found[0] if found else None


def tell_again(
    session: Session, now: datetime, firing: Firing, rule: AlertRule, reason: str, subject: Subject
) -> Firing | None:
    """Record that people are told once more, by the rule as it stands; None where another was faster, or it is over."""
    values = {
        "told_at": now,
        "times": A.times + 1,
        "definition": rule.data,
        "reason": reason,
        "run_pk": subject.run_pk,
        "run_id": subject.run_id,
    }
    statement = sa.update(alert).where(A.id == firing.id, _IS_LIVE, A.times == firing.times)
    found = _firings(session.execute(statement.values(values).returning(*_FIRING)))
    return found[0] if found else None


def end_firing(session: Session, now: datetime, firing: Firing, reason: str) -> Firing | None:
    """Record that a rule no longer holds; None where that is known."""
    statement = (
        sa.update(alert)
        .where(A.id == firing.id, _IS_LIVE)
        .values(over_at=now, over_reason=reason)
        .returning(*_FIRING)
    )
    found = _firings(session.execute(statement))
    return found[0] if found else None


def delete_old_firings(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` firings that were over before an instant; return how many."""
    old = sa.select(A.id).where(A.over_at < before).order_by(A.over_at).limit(limit)
    return session.execute(sa.delete(alert).where(A.id.in_(old))).rowcount


def forget_dag(session: Session, dag_id: str) -> None:
    """Delete what fired about a DAG, and what was to be judged."""
    session.execute(sa.delete(alert).where(A.dag_id == dag_id))
    session.execute(sa.delete(alert_watch).where(W.dag_id == dag_id))


def watch(session: Session, wanted: Sequence[tuple[AlertRule, Subject, datetime]]) -> None:
    """Have rules judged at their instants; what is watched already is watched anew."""
    if not wanted:
        return
    rows = [
        {
            "rule": rule.name,
            "subject": subject.key,
            "dag_id": subject.dag_id,
            "run_pk": subject.run_pk,
            "definition": rule.data,
            "due_at": due_at,
        }
        for rule, subject, due_at in wanted
    ]
    statement = insert_into(session, alert_watch)
    changed = {name: statement.excluded[name] for name in ("run_pk", "definition", "due_at")}
    session.execute(statement.on_conflict_do_update(index_elements=[W.rule, W.subject], set_=changed), rows)


def keep_days(session: Session, now: datetime, subject: Subject, rules: Sequence[AlertRule]) -> None:
    """Watch the times of day of these rules, and no others, for a subject.

    One that is watched already stays as it is: it may have come while nobody led, and is to be judged yet.
    """
    found = _watches(session.execute(sa.select(*_WATCH).where(W.subject == subject.key)))
    daily = {each.rule: each for each in found if each.rule.by}
    unwatch(session, [each.id for rule, each in daily.items() if rule not in rules])
    new = [rule for rule in rules if rule.by and rule not in daily]
    watch(session, [(rule, subject, next_by(rule, now)) for rule in new])


def due_watches(session: Session, now: datetime, limit: int) -> list[WatchRow]:
    """Return what is to be judged now, locked; what another process judges is passed over."""
    query = sa.select(*_WATCH).where(W.due_at <= now).order_by(W.due_at, W.id).limit(limit)
    return _watches(session.execute(query.with_for_update(skip_locked=True)))


def _watches(rows: Iterable[Sequence[Any]]) -> list[WatchRow]:
    return [
        WatchRow(row[0], rule_from_data(row[1]), Subject(*row[2:5]), row[5])
        for row in rows
        if _is_known(row[1])
    ]


def unwatch(session: Session, ids: Collection[int]) -> None:
    """Delete watches."""
    if ids:
        session.execute(sa.delete(alert_watch).where(W.id.in_(sorted(ids))))
