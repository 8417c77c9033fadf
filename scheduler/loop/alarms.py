"""Alert rules at work: what the loop does is held against them, in the transaction that does it.

`Alarms` is asked at four moments of a run (created, started, ended, an instant has come); a run that no rule concerns
costs no statement. What fires is one row and one message a channel, committed with what it tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.alert_rules import AlertRule, When
from scheduler.core.alerts import Step, fails_until, may_tell_at, next_step, rules_for, too_long_at
from scheduler.core.states import RunState
from scheduler.failpoints import Edge
from scheduler.loop import alert_words
from scheduler.store import alerts
from scheduler.store.alert_facts import failures_of, first_error, good_seconds
from scheduler.store.alerts import Firing, Subject, run_subject
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.outbox import post
from scheduler.store.runs import RunRow
from scheduler.store.tellings import outbox_key
from scheduler.store.transaction import at_edge, request_wake
from scheduler.wire import DagSpec

_LATE = (When.NOT_STARTED, When.NOT_FINISHED)


@dataclass(frozen=True, slots=True)
class Alarms:
    """The rules of `dirigent.toml`; those of a DAG's file come with its graph."""

    rules: tuple[AlertRule, ...] = ()

    def rules_for(self, spec: DagSpec) -> list[AlertRule]:
        """Return the rules that concern a DAG."""
        return rules_for(self.rules, spec)

    def note_created(self, session: Session, run: Subject, spec: DagSpec, due_at: datetime) -> None:
        """Watch the newest scheduled run, if it must start or succeed some time after it was due."""
        rules = [rule for rule in self.rules_for(spec) if rule.when in _LATE and rule.after]
        wanted = [(rule, run, due_at + timedelta(seconds=rule.after)) for rule in rules]
        alerts.watch(session, wanted)

    def note_started(self, session: Session, now: datetime, run: RunRow, spec: DagSpec) -> None:
        """Watch a run that must not take longer than usual; what waited for its start is over."""
        rules = self.rules_for(spec)
        if any(rule.when == When.NOT_STARTED for rule in rules):
            self._end_what_is_over(session, now, run, None)
        longer = [rule for rule in rules if rule.when == When.LONGER_THAN_USUAL]
        if not longer:
            return
        seconds = good_seconds(session, run.dag_id, max(rule.runs for rule in longer))
        instants = [(rule, too_long_at(rule, seconds[: rule.runs], now)) for rule in longer]
        alerts.watch(
            session,
            [
                (rule, run_subject(run.dag_id, run.id, run.run_id), at)
                for rule, at in instants
                if at is not None
            ],
        )

    def note_ended(
        self, session: Session, now: datetime, run: RunRow, spec: DagSpec, state: RunState, reason: str
    ) -> None:
        """Fire for a run that failed; end what is over with this run."""
        rules = self.rules_for(spec)
        if not rules:
            return
        live = self._end_what_is_over(session, now, run, state)
        if state is not RunState.FAILED:
            return
        told = {firing.rule.name: firing for firing in live if firing.subject.key == run.dag_id}
        mine = [rule for rule in rules if rule.when in (When.FAILURE, When.FAILURES)]
        error = first_error(session, run.id) if mine else ""
        words = alert_words.failed(run.dag_id, run.run_id, reason, error)
        for rule in mine:
            if rule.when == When.FAILURE:
                settle(session, now, rule, told.get(rule.name), _of_dag(run), words, holds=True, is_new=True)
            elif rule.name not in told:
                self._count(session, now, rule, run, words)

    def _count(self, session: Session, now: datetime, rule: AlertRule, run: RunRow, words: str) -> None:
        """Fire when so many failed within the window; when they leave it, it is looked at again."""
        since = now - timedelta(seconds=rule.within)
        until = fails_until(rule, failures_of(session, run.dag_id, since, rule.count), now)
        if until is not None:
            reason = alert_words.failed_often(rule, run.dag_id, words)
            settle(session, now, rule, None, _of_dag(run), reason, holds=True)
            alerts.watch(session, [(rule, Subject(run.dag_id, run.dag_id), until)])

    def _end_what_is_over(
        self, session: Session, now: datetime, run: RunRow, state: RunState | None
    ) -> list[Firing]:
        """End what fires about the DAG of a run that started (None) or ended so; return what fires on."""
        live = alerts.live_firings_of(session, [run.dag_id])
        over = [firing for firing in live if is_over(firing, run.id, state)]
        words = "has started" if state is None else "succeeded" if state is RunState.SUCCESS else "failed"
        for firing in over:
            reason = f"Run {run.run_id} of {run.dag_id} {words}."
            settle(session, now, firing.rule, firing, firing.subject, reason, holds=False)
        return [firing for firing in live if firing not in over]


def is_over(firing: Firing, run_pk: int, state: RunState | None) -> bool:
    """Tell whether a firing about a DAG is over as one of its runs has started (None) or ended in a state."""
    is_its_run = firing.subject.run_pk == run_pk
    match When(firing.rule.when):
        case When.NOT_STARTED:
            return is_its_run or not firing.subject.run_id
        case When.LONGER_THAN_USUAL:
            return state is not None and is_its_run
        case When.NOT_FINISHED:
            return state is RunState.SUCCESS and run_pk >= (firing.subject.run_pk or 0)
        case When.FAILURE:
            return state is RunState.SUCCESS
        case _:
            return False


def _of_dag(run: RunRow) -> Subject:
    """Return a run's DAG as what a rule fires about; the link leads to the run."""
    return Subject(run.dag_id, run.dag_id, run.id, run.run_id)


def settle(
    session: Session,
    now: datetime,
    rule: AlertRule,
    firing: Firing | None,
    subject: Subject,
    reason: str,
    *,
    holds: bool,
    is_new: bool = False,
) -> Step | None:
    """Write what follows from a rule's holding for a subject, or no longer, and the messages that tell it."""
    step = next_step(rule, firing.told_at if firing else None, now, holds=holds, is_new=is_new)
    written = _write(session, now, step, rule, firing, subject, reason)
    if step is None or written is None:
        return None
    _tell(session, now, step, written)
    return step


def _write(
    session: Session,
    now: datetime,
    step: Step | None,
    rule: AlertRule,
    firing: Firing | None,
    subject: Subject,
    reason: str,
) -> Firing | None:
    if step is Step.FIRED:
        return alerts.begin_firing(session, now, rule, subject, reason)
    if firing is None or step is None:
        return None
    if step is Step.RECOVERED:
        return alerts.end_firing(session, now, firing, reason)
    return alerts.tell_again(session, now, firing, rule, reason, subject)


def end_quietly(session: Session, now: datetime, firing: Firing, reason: str) -> None:
    """End a firing that nobody needs to be told of."""
    if alerts.end_firing(session, now, firing, reason):
        _note(session, now, Step.RECOVERED, firing, reason)


def _tell(session: Session, now: datetime, step: Step, firing: Firing) -> None:
    """Post the messages, one a channel, and the event."""
    _note(session, now, step, firing, firing.over_reason if step is Step.RECOVERED else firing.reason)
    if step is not Step.RECOVERED or firing.rule.recovered:
        _post(session, now, step, firing)


def _note(session: Session, now: datetime, step: Step, firing: Firing, reason: str) -> None:
    event = Event(
        at=now,
        kind=f"alert.{step}",
        dag_id=firing.subject.dag_id,
        run_pk=firing.subject.run_pk,
        actor="scheduler",
        reason=f"{firing.rule.name}: {reason}",
    )
    append(session, [event])


def _post(session: Session, now: datetime, step: Step, firing: Firing) -> None:
    payload, at = alert_words.message_of(step, firing), may_tell_at(firing.rule, now)
    for channel in dict.fromkeys(firing.rule.to):
        post(session, now, outbox_key(step, firing, channel), channel, payload, at=at)
    at_edge(session, Edge.ALERTED)
    request_wake(session)
