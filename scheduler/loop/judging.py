"""The duty that judges alert rules by time: what did not come about, what lasts, what waits, who is silent.

It costs what is due and what fires: instants are watched in a table, in their order, and a rule that looks at queues,
workers or assets asks a fixed number of questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from scheduler.alert_rules import AlertRule, When, span
from scheduler.core.alerts import concerns, fails_until, is_named, next_by, remind_at, window_of
from scheduler.core.freshness import Freshness, judge
from scheduler.loop import alert_words
from scheduler.loop.alarms import Alarms, end_quietly, settle
from scheduler.store import alert_facts, alerts
from scheduler.store.alert_facts import DagFacts, RunFacts
from scheduler.store.alerts import EVERY_DAG, Firing, Subject, WatchRow
from scheduler.store.engine import Session

#: Firings that are looked at in one go.
MOST_LIVE: Final = 1000

_DAY: Final = timedelta(days=1)

Live = Mapping[tuple[str, str], Firing]


@dataclass(slots=True)
class JudgeAlerts:
    """Judges what is due, ends what is over, reminds of what lasts; looks at queues, workers, assets if a rule asks."""

    alarms: Alarms
    _is_watching: bool = field(default=False, init=False)

    def __call__(self, session: Session, now: datetime, limit: int) -> int:
        """Judge at most `limit` instants; return how many were due."""
        if not self._is_watching:
            alerts.keep_days(session, now, Subject(EVERY_DAG), self.alarms.rules)
        found = alerts.live_firings(session, MOST_LIVE)
        live = {(each.rule.name, each.subject.key): each for each in found}
        due = alerts.due_watches(session, now, limit)
        _judge_runs(session, now, [each for each in due if each.subject.run_pk], live)
        _judge_windows(session, now, [each for each in due if each.rule.when == When.FAILURES])
        _judge_days(session, now, [each for each in due if each.rule.by], live)
        _look_at_queues(session, now, self.alarms.rules, live)
        _look_at_workers(session, now, self.alarms.rules, live)
        _look_at_assets(session, now, self.alarms.rules, live)
        self._look_again(session, now, found)
        self._is_watching = True
        return len(due)

    def _look_again(self, session: Session, now: datetime, found: Sequence[Firing]) -> None:
        """End what is over without the loop's doing (a person cancelled or marked the run), and remind of the rest."""
        rules = {rule.name: rule for rule in (*self.alarms.rules, *_declared(session, found))}
        facts = _facts(session, found)
        for firing in found:
            rule = rules.get(firing.rule.name)
            if rule is None:
                end_quietly(session, now, firing, "the rule is gone")
                continue
            when = remind_at(rule, firing.told_at)
            if reason := _ended(firing, facts):
                settle(session, now, rule, firing, firing.subject, reason, holds=False)
            elif when is not None and when <= now:
                settle(session, now, rule, firing, firing.subject, firing.reason, holds=True)


def _declared(session: Session, found: Sequence[Firing]) -> list[AlertRule]:
    """Return the rules that the files of these DAGs declare now."""
    dag_ids = {each.subject.dag_id for each in found if ":" in each.rule.name}
    return alert_facts.declared_rules(session, dag_ids) if dag_ids else []


def _facts(session: Session, found: Sequence[Firing]) -> dict[int, RunFacts]:
    run_pks = {each.subject.run_pk for each in found if each.subject.run_pk}
    return alert_facts.facts_of_runs(session, run_pks) if run_pks else {}


def _ended(firing: Firing, facts: Mapping[int, RunFacts]) -> str:
    """Say why a firing about a run is over; nothing where it is not."""
    run_pk, name = firing.subject.run_pk, f"Run {firing.subject.run_id} of {firing.subject.dag_id}"
    if run_pk is None or firing.rule.when == When.FAILURES:
        return ""
    run = facts.get(run_pk)
    if firing.rule.when == When.FAILURE:
        return f"{name} has succeeded." if run and run.has_succeeded else ""
    if run is None:
        return f"{name} was deleted."
    return "" if _lacks(firing.rule, run) else f"{name} no longer gives a reason."


def _judge_runs(session: Session, now: datetime, due: Sequence[WatchRow], live: Live) -> None:
    """Fire for runs that are not as far as they should be."""
    if not due:
        return
    facts = alert_facts.facts_of_runs(session, {each.subject.run_pk or 0 for each in due})
    for each in due:
        run = facts.get(each.subject.run_pk or 0)
        if run is not None and _lacks(each.rule, run):
            subject = replace(each.subject, run_id=each.subject.key.partition(" ")[2])
            is_long = each.rule.when == When.LONGER_THAN_USUAL
            words = alert_words.too_long if is_long else alert_words.too_late
            _fire(session, now, each.rule, subject, words(each.rule, subject.dag_id, subject.run_id), live)
    alerts.unwatch(session, [each.id for each in due])


def _lacks(rule: AlertRule, run: RunFacts) -> bool:
    """Tell whether a run is not as far as a rule wants it, now that the instant has come."""
    match When(rule.when):
        case When.LONGER_THAN_USUAL:
            return run.is_running
        case When.NOT_STARTED:
            return not run.has_started
        case _:
            return not run.has_succeeded


def _judge_windows(session: Session, now: datetime, due: Sequence[WatchRow]) -> None:
    """End the firing of a DAG whose failures have left the window; else look again when the next one leaves."""
    for each in due:
        rule, dag_id = each.rule, each.subject.dag_id
        since = now - timedelta(seconds=rule.within)
        until = fails_until(rule, alert_facts.failures_of(session, dag_id, since, rule.count), now)
        if until is not None:
            alerts.watch(session, [(rule, each.subject, until)])
        else:
            alerts.unwatch(session, [each.id])
            _end_window(session, now, rule, dag_id)


def _end_window(session: Session, now: datetime, rule: AlertRule, dag_id: str) -> None:
    reason = f"Fewer than {rule.count} runs of {dag_id} failed within the last {span(rule.within)}."
    for firing in alerts.live_firings_of(session, [dag_id]):
        if firing.rule.name == rule.name:
            settle(session, now, firing.rule, firing, firing.subject, reason, holds=False)


def _judge_days(session: Session, now: datetime, due: Sequence[WatchRow], live: Live) -> None:
    """Fire for DAGs of which no run came about by a time of day."""
    if not due:
        return
    own = {each.subject.dag_id for each in due} - {""}
    declared = {rule.name for rule in alert_facts.declared_rules(session, own)} if own else set()
    kept = [each for each in due if not each.subject.dag_id or each.rule.name in declared]
    alerts.unwatch(session, {each.id for each in due} - {each.id for each in kept})
    chosen = own if all(each.subject.dag_id for each in kept) else None
    dags = {dag.marks.dag_id: dag for dag in alert_facts.active_dags(session, chosen)}
    windows = {window_of(each.rule, each.due_at) for each in kept}
    days = {window: alert_facts.facts_of_day(session, *window) for window in windows}
    for each in kept:
        facts = days[window_of(each.rule, each.due_at)]
        for dag in _candidates(each, dags):
            if _is_owed(each.rule, dag, facts.get(dag.marks.dag_id), each.due_at):
                _fire_for_day(session, now, each, dag.marks.dag_id, live)
    # Of days that passed while nobody led, the first and the last are judged.
    nexts = [next_by(each.rule, max(each.due_at, now - _DAY)) for each in kept]
    alerts.watch(session, [(each.rule, each.subject, at) for each, at in zip(kept, nexts, strict=True)])


def _candidates(watch: WatchRow, dags: Mapping[str, DagFacts]) -> list[DagFacts]:
    """Return the DAGs that a rule looks at: its own, or those that it chooses."""
    if watch.subject.dag_id:
        return [dags[watch.subject.dag_id]] if watch.subject.dag_id in dags else []
    return [dag for dag in dags.values() if concerns(watch.rule, dag.marks)]


def _is_owed(rule: AlertRule, dag: DagFacts, facts: RunFacts | None, at: datetime) -> bool:
    """Tell whether a DAG lacks a run. One with a schedule on which nothing was due that day does not."""
    if facts is None:
        return dag.next_run_at is None or dag.next_run_at <= at
    return _lacks(rule, facts)


def _fire_for_day(session: Session, now: datetime, watch: WatchRow, dag_id: str, live: Live) -> None:
    day = watch.due_at.astimezone(ZoneInfo(watch.rule.timezone)).date()
    subject = Subject(f"{dag_id} {day.isoformat()}", dag_id)
    _fire(session, now, watch.rule, subject, alert_words.too_late(watch.rule, dag_id, ""), live)


def _look_at_queues(session: Session, now: datetime, rules: Sequence[AlertRule], live: Live) -> None:
    mine = [rule for rule in rules if rule.when == When.QUEUE_LAG]
    lags = alert_facts.queue_lags(session) if mine else {}
    for rule in mine:
        long = {
            name: lag
            for name, lag in lags.items()
            if (not rule.queues or name in rule.queues) and (now - lag.since).total_seconds() >= rule.lag
        }
        for name, lag in long.items():
            _fire(session, now, rule, Subject(name), alert_words.lags(lag, now), live)
        _end_others(session, now, rule, set(long), live, "Queue {} lags no longer.")


def _look_at_workers(session: Session, now: datetime, rules: Sequence[AlertRule], live: Live) -> None:
    mine = [rule for rule in rules if rule.when == When.WORKER_LOST]
    lost = alert_facts.lost_workers(session) if mine else {}
    for rule in mine:
        for name, worker in lost.items():
            _fire(session, now, rule, Subject(name), alert_words.lost(worker, now), live)
        _end_others(
            session, now, rule, set(lost), live, "Worker {} is back, or is no longer waited for after a day."
        )


def _look_at_assets(session: Session, now: datetime, rules: Sequence[AlertRule], live: Live) -> None:
    mine = [rule for rule in rules if rule.when == When.STALE_ASSET]
    ages = alert_facts.asset_ages(session) if mine else []
    for rule in mine:
        bad = {Freshness.STALE, Freshness.LATE} if rule.warn else {Freshness.STALE}
        old = {
            each.name: each
            for each in ages
            if is_named(rule.assets, each.name) and judge(each.freshness, each.changed_at, now) in bad
        }
        for name, age in old.items():
            _fire(session, now, rule, Subject(name), alert_words.stale(age), live)
        _end_others(session, now, rule, set(old), live, "Asset {} is as fresh as promised.")


def _end_others(
    session: Session, now: datetime, rule: AlertRule, holding: set[str], live: Live, words: str
) -> None:
    """End the firings of a rule about what it no longer holds for."""
    for (name, key), firing in live.items():
        if name == rule.name and key not in holding:
            settle(session, now, rule, firing, firing.subject, words.format(key), holds=False)


def _fire(
    session: Session, now: datetime, rule: AlertRule, subject: Subject, reason: str, live: Live
) -> None:
    settle(session, now, rule, live.get((rule.name, subject.key)), subject, reason, holds=True)
