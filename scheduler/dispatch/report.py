"""What is written when attempts end: outcome, task state, XCom, events and the planning flag, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.core.instances import scopes_of, stands_in
from scheduler.core.settle import Settled, settle
from scheduler.core.states import AttemptState, TaskState
from scheduler.dispatch.asset_changes import Maker, announce, concerns_assets
from scheduler.dispatch.callbacks import end_callback, queue_failure_callback
from scheduler.dispatch.endings import cut_short, ending_of
from scheduler.dispatch.iterations import begin_iteration
from scheduler.dispatch.successors import Successors
from scheduler.failpoints import Edge
from scheduler.store.attempts import Ending, Reported, end_attempts, lock_reported
from scheduler.store.claims import Claimed
from scheduler.store.engine import Session
from scheduler.store.graph_cache import GraphCache
from scheduler.store.questions import NewQuestion, put_questions
from scheduler.store.runs import RunRow, bring_wake_forward, flag_runs
from scheduler.store.tasks import (
    TaskRow,
    count_losses,
    excuse_stops,
    excuse_waits,
    move_tasks,
    name_instances,
    set_reasons,
    set_retry_times,
    tasks_named,
)
from scheduler.store.transaction import after_commit, at_edge
from scheduler.store.waits import NewWait, forget_resumes, put_waits
from scheduler.store.xcoms import XComRow, put_xcoms
from scheduler.wire import Outcome


@dataclass(frozen=True, slots=True)
class Report:
    """An outcome, and the claim that it belongs to."""

    claim: Claimed
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Ended:
    report: Report
    task: TaskRow
    settled: Settled
    #: Whether what follows is planned in this transaction; else the task is marked and its run flagged.
    is_handed_on: bool


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records how attempts ended; with `successors`, what follows is planned in the same transaction."""

    graphs: GraphCache
    chance: Callable[[], float]
    successors: Successors | None = None
    #: Called once tasks were deferred: there is something new to wait for.
    on_deferred: Callable[[], None] | None = None

    def record(self, session: Session, now: datetime, reports: Sequence[Report]) -> list[Report]:
        """Return the reports that were refused because the attempt is no longer theirs.

        Locks runs with their attempts, then tasks. A task that was cancelled, marked or cleared meanwhile keeps
        its state.
        """
        rows = {row.id: row for row in lock_reported(session, [each.outcome.attempt_id for each in reports])}
        mine = [each for each in reports if _is_live(rows.get(each.outcome.attempt_id), each.outcome)]
        stopped = [each for each in mine if rows[each.outcome.attempt_id].cancel_reason is not None]
        finished = [each for each in mine if rows[each.outcome.attempt_id].cancel_reason is None]
        end_attempts(session, [_cancelled(each, rows[each.outcome.attempt_id], now) for each in stopped])
        # A task that was cleared while it ran may be admitted now.
        flag_runs(session, {each.claim.run_pk for each in stopped})
        self._record_finished(session, now, finished, {row.run.id: row.run for row in rows.values()})
        at_edge(session, Edge.REPORTED)
        accepted = {id(each) for each in mine}
        return [each for each in reports if id(each) not in accepted]

    def _record_finished(
        self, session: Session, now: datetime, reports: Sequence[Report], runs: Mapping[int, RunRow]
    ) -> None:
        callbacks = [report for report in reports if report.claim.kind != "task"]
        ended = self._settle_all(session, now, [each for each in reports if each.claim.kind == "task"], runs)
        end_attempts(
            session, [ending_of(e.report.outcome, e.settled.attempt, e.settled.reason, now) for e in ended]
        )
        for report in callbacks:
            end_callback(session, now, report.outcome)
        moved = _move(session, now, ended)
        named = {each.task.id: each.report.outcome.rendered_map_index for each in ended}
        name_instances(session, {key: name for key, name in named.items() if name is not None})
        self._put_waits(session, now, ended, moved)
        put_xcoms(session, now, [row for each in ended for row in _xcoms(each)])
        announce(session, now, _makers(session, ended, moved, self.graphs))
        moved += self._go_on(session, now, ended, moved)
        for each in ended:
            moved += _skip_named(session, now, each, self.graphs)
            _call_back(session, now, each, self.graphs)
        flag_runs(session, {each.task.run_pk for each in ended if not each.is_handed_on})
        self._hand_on(session, now, moved, [runs[each.task.run_pk] for each in ended if each.is_handed_on])

    def _settle_all(
        self, session: Session, now: datetime, reports: Sequence[Report], runs: Mapping[int, RunRow]
    ) -> list[_Ended]:
        settled = [self._settle(session, now, report) for report in reports]
        kept = {each.claim.run_pk for each, how in zip(reports, settled, strict=True) if _waits(how)}
        taken = {pk for pk, run in runs.items() if pk not in kept and self._takes(run)}
        return [
            _Ended(report, _task_of(report.claim), how, report.claim.run_pk in taken)
            for report, how in zip(reports, settled, strict=True)
        ]

    def _settle(self, session: Session, now: datetime, report: Report) -> Settled:
        claim = report.claim
        return settle(
            report.outcome,
            self.graphs.get(session, claim.version_id).tasks[claim.task_id],
            try_number=claim.try_number,
            max_tries=claim.max_tries,
            losses=claim.losses,
            now=now,
            chance=self.chance(),
            cut_short=cut_short(session, report.outcome),
        )

    def _put_waits(
        self, session: Session, now: datetime, ended: Iterable[_Ended], moved: Iterable[TaskRow]
    ) -> None:
        """Keep what deferred tasks wait for; what one went on after counts no longer, unless it was cut short."""
        deferred = {row.id for row in moved if row.state is TaskState.DEFERRED}
        waits = [_new_wait(each) for each in ended if each.task.id in deferred]
        put_waits(session, now, [each for each in waits if each is not None])
        asking = {row.id for row in moved if row.state is TaskState.AWAITING_INPUT}
        asked = [_new_question(each) for each in ended if each.task.id in asking]
        put_questions(session, now, [each for each in asked if each is not None])
        forget_resumes(session, [each.task.id for each in ended if _is_past(each)])
        if deferred and self.on_deferred is not None:
            after_commit(session, self.on_deferred)

    def _go_on(
        self, session: Session, now: datetime, ended: Iterable[_Ended], moved: Iterable[TaskRow]
    ) -> list[TaskRow]:
        """Begin the iterations that follow on those that ended: each in the transaction that ends the one before."""
        done = {row.id for row in moved if row.state is TaskState.SUCCESS}
        begun: list[TaskRow] = []
        for each in ended:
            if each.report.outcome.is_again and each.task.id in done:
                graph = self.graphs.get(session, each.report.claim.version_id)
                begun += begin_iteration(session, now, graph, each.task, each.is_handed_on)
        return begun

    def _takes(self, run: RunRow) -> bool:
        """Tell whether changes of this run are planned here. One that waits for a retry wakes the loop's agenda."""
        return self.successors is not None and self.successors.takes(run)

    def _hand_on(
        self, session: Session, now: datetime, moved: Iterable[TaskRow], runs: Iterable[RunRow]
    ) -> None:
        changed: defaultdict[int, list[TaskRow]] = defaultdict(list)
        for row in moved:
            changed[row.run_pk].append(row)
        for pk, run in sorted({run.id: run for run in runs}.items()):
            if self.successors is not None:
                self.successors.plan(session, now, run, changed[pk])


def _waits(how: Settled) -> bool:
    return how.retry_at is not None or how.task in (TaskState.DEFERRED, TaskState.AWAITING_INPUT)


def _is_past(each: _Ended) -> bool:
    return each.report.claim.resume is not None and each.settled.attempt is not AttemptState.LOST


def _new_wait(each: _Ended) -> NewWait | None:
    deferral = each.report.outcome.deferral
    if deferral is None:
        return None
    return NewWait(each.task.run_pk, each.task.id, deferral, each.settled.reason, each.report.outcome.secrets)


def _new_question(each: _Ended) -> NewQuestion | None:
    outcome = each.report.outcome
    if outcome.question is None:
        return None
    return NewQuestion(each.task.run_pk, each.task.id, each.task.try_number, outcome.question, outcome.meant)


def _task_of(claim: Claimed) -> TaskRow:
    """Return the task of a live attempt: nobody else changes what its claim has read."""
    assert claim.ti_id is not None
    return TaskRow(
        id=claim.ti_id,
        run_pk=claim.run_pk,
        task_id=claim.task_id,
        path=claim.path,
        state=TaskState.RUNNING,
        try_number=claim.try_number,
        max_tries=claim.max_tries,
        losses=claim.losses,
    )


def _is_live(row: Reported | None, outcome: Outcome) -> bool:
    return row is not None and row.state == AttemptState.RUNNING and row.epoch == outcome.epoch


def _cancelled(report: Report, row: Reported, now: datetime) -> Ending:
    return ending_of(report.outcome, AttemptState.CANCELLED, row.cancel_reason or "", now)


def _move(session: Session, now: datetime, ended: Iterable[_Ended]) -> list[TaskRow]:
    groups: defaultdict[tuple[TaskState, bool, bool], list[_Ended]] = defaultdict(list)
    for each in ended:
        is_failure = each.settled.attempt is AttemptState.FAILED
        groups[each.settled.task, each.is_handed_on, is_failure].append(each)
    moved: list[TaskRow] = []
    for (state, is_handed_on, is_failure), group in groups.items():
        reasons = {each.task.id: each.settled.reason for each in group if each.settled.reason}
        moved += move_tasks(
            session,
            now,
            [each.task.id for each in group],
            state,
            leaving=[TaskState.RUNNING],
            values={"end_date": now, "reason": ""}
            | ({"changed": False} if is_handed_on else {})
            # The next try waits from its own start.
            | ({"waiting_since": None} if is_failure else {}),
            actor="worker",
            reasons=reasons,
        )
        set_reasons(session, reasons)
        _plan_retries(session, group)
    return moved


def _plan_retries(session: Session, group: Sequence[_Ended]) -> None:
    times = {each.task.id: each.settled.retry_at for each in group if each.settled.retry_at is not None}
    set_retry_times(session, times)
    lost = [each for each in group if each.settled.attempt is AttemptState.LOST]
    count_losses(session, [each.task.id for each in lost if each.settled.is_loss])
    excuse_stops(session, [each.task.id for each in lost if not each.settled.is_loss])
    excuse_waits(session, [e.task.id for e in group if e.settled.attempt is AttemptState.DEFERRED])
    for each in group:
        if each.settled.retry_at is not None:
            bring_wake_forward(session, each.task.run_pk, each.settled.retry_at)


def _xcoms(each: _Ended) -> list[XComRow]:
    outcome = each.report.outcome
    return [
        XComRow(each.task.run_pk, each.task.task_id, each.task.path, key, value, outcome.shown_xcoms.get(key))
        for key, value in outcome.xcoms.items()
    ]


def _makers(
    session: Session, ended: Iterable[_Ended], moved: Iterable[TaskRow], graphs: GraphCache
) -> list[Maker]:
    """Return the attempts whose tasks they moved, and that have to do with assets."""
    states = {row.id: row.state for row in moved}
    found = [(each, graphs.get(session, each.report.claim.version_id)) for each in ended]
    return [
        Maker(each.report.claim, graph, each.report.outcome, states[each.task.id] is TaskState.SUCCESS)
        for each, graph in found
        if concerns_assets(graph.tasks[each.task.task_id]) and each.task.id in states
    ]


def _skip_named(session: Session, now: datetime, each: _Ended, graphs: GraphCache) -> list[TaskRow]:
    names = each.report.outcome.skip_tasks
    if not names:
        return []
    scopes = scopes_of(graphs.get(session, each.report.claim.version_id), each.task.key, names)
    rows = [row for row in tasks_named(session, each.task.run_pk, names) if stands_in(row.key, scopes)]
    reason = f"{each.task.task_id} chose another branch"
    return move_tasks(
        session,
        now,
        [row.id for row in rows],
        TaskState.SKIPPED,
        leaving=[TaskState.NONE],
        values={"end_date": now, "reason": reason} | ({"changed": False} if each.is_handed_on else {}),
        reasons={row.id: reason for row in rows},
    )


def _call_back(session: Session, now: datetime, each: _Ended, graphs: GraphCache) -> None:
    """Queue the failure callback of a task whose own process could not call it."""
    outcome = each.report.outcome
    died = outcome.state in ("failed", "lost") and outcome.error is None
    if each.settled.task is TaskState.FAILED and died:
        graph = graphs.get(session, each.report.claim.version_id)
        queue_failure_callback(session, now, graph, each.task, each.settled.reason)
