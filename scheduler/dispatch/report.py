"""What is written when attempts end: outcome, task state, XCom, events and the planning flag, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from scheduler.clock import parse_instant
from scheduler.core.graph import TaskGraph
from scheduler.core.settle import Settled, reason_of, settle, settle_callback, settle_loss
from scheduler.core.states import AttemptState, TaskState
from scheduler.failpoints import Edge
from scheduler.store.attempts import AttemptRow, Ending, end_attempts, lock_attempts
from scheduler.store.claims import Claimed
from scheduler.store.engine import Session, at_edge
from scheduler.store.graph_cache import GraphCache
from scheduler.store.leases import still_expired
from scheduler.store.losses import count_cut_short, queue_again
from scheduler.store.runs import RunRow, bring_wake_forward, flag_runs, lock_runs
from scheduler.store.tasks import (
    TaskRow,
    count_losses,
    excuse_stops,
    excuse_waits,
    lock_tasks,
    move_tasks,
    set_reasons,
    set_retry_times,
    tasks_named,
)
from scheduler.store.tickets import queue_callback
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


def record_outcomes(
    session: Session,
    now: datetime,
    reports: Sequence[Report],
    graphs: GraphCache,
    chance: Callable[[], float],
) -> list[Report]:
    """Record how attempts ended; return the reports that were refused because the attempt is no longer theirs.

    Locks runs, attempts and tasks in that order. A task that was cancelled, marked or cleared meanwhile keeps
    its state.
    """
    lock_runs(session, {report.claim.run_pk for report in reports})
    rows = {row.id: row for row in lock_attempts(session, [report.outcome.attempt_id for report in reports])}
    mine = [report for report in reports if _is_live(rows.get(report.outcome.attempt_id), report.outcome)]
    stopped = [report for report in mine if rows[report.outcome.attempt_id].cancel_reason is not None]
    finished = [report for report in mine if rows[report.outcome.attempt_id].cancel_reason is None]
    end_attempts(session, [_cancelled(report, rows[report.outcome.attempt_id], now) for report in stopped])
    _record_finished(session, now, finished, graphs, chance)
    # A task that was cleared while it ran may be admitted now.
    flag_runs(session, {report.claim.run_pk for report in stopped})
    at_edge(session, Edge.REPORTED)
    accepted = {id(report) for report in mine}
    return [report for report in reports if id(report) not in accepted]


def _is_live(row: AttemptRow | None, outcome: Outcome) -> bool:
    return row is not None and row.state is AttemptState.RUNNING and row.epoch == outcome.epoch


def _cancelled(report: Report, row: AttemptRow, now: datetime) -> Ending:
    return _ending(report.outcome, AttemptState.CANCELLED, row.cancel_reason or "", now)


def _ending(outcome: Outcome, state: AttemptState, reason: str, now: datetime) -> Ending:
    return Ending(
        attempt_id=outcome.attempt_id,
        state=state,
        reason=reason,
        error=asdict(outcome.error) if outcome.error else None,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        cpu_s=outcome.cpu_s,
        peak_memory_bytes=outcome.peak_memory_bytes,
        start_date=parse_instant(outcome.started_at) if outcome.started_at else None,
        end_date=parse_instant(outcome.ended_at) if outcome.ended_at else now,
    )


def _record_finished(
    session: Session,
    now: datetime,
    reports: Sequence[Report],
    graphs: GraphCache,
    chance: Callable[[], float],
) -> None:
    of_tasks = [
        report for report in reports if report.claim.ti_id is not None and report.claim.kind == "task"
    ]
    callbacks = [report for report in reports if report.claim.kind != "task"]
    tasks = {row.id: row for row in lock_tasks(session, [r.claim.ti_id for r in of_tasks if r.claim.ti_id])}
    ended = [_settle(session, now, report, tasks, graphs, chance) for report in of_tasks]
    end_attempts(
        session, [_ending(e.report.outcome, e.settled.attempt, e.settled.reason, now) for e in ended]
    )
    for report in callbacks:
        _end_callback(session, now, report.outcome)
    _move(session, now, ended)
    put_xcoms(session, now, [row for each in ended for row in _xcoms(each)])
    for each in ended:
        _skip_named(session, now, each)
        _call_back(session, now, each, graphs)
    flag_runs(session, {each.task.run_pk for each in ended})


def _settle(
    session: Session,
    now: datetime,
    report: Report,
    tasks: dict[int, TaskRow],
    graphs: GraphCache,
    chance: Callable[[], float],
) -> _Ended:
    claim = report.claim
    task = tasks[claim.ti_id or 0]
    spec = graphs.get(session, claim.version_id).tasks[claim.task_id]
    settled = settle(
        report.outcome,
        spec,
        try_number=claim.try_number,
        max_tries=task.max_tries,
        losses=task.losses,
        now=now,
        chance=chance(),
        cut_short=_cut_short(session, report.outcome),
    )
    return _Ended(report, task, settled)


def _cut_short(session: Session, outcome: Outcome) -> int:
    """Count what was cut short before, where it decides."""
    return count_cut_short(session, outcome.attempt_id) if outcome.state in ("lost", "cancelled") else 0


def _end_callback(session: Session, now: datetime, outcome: Outcome) -> None:
    """End the attempt of a callback, and queue another where it was lost or stopped."""
    settled = settle_callback(outcome.state, _cut_short(session, outcome))
    end_attempts(session, [_ending(outcome, settled.attempt, reason_of(outcome), now)])
    if settled.is_again:
        queue_again(session, now, outcome.attempt_id)


def _move(session: Session, now: datetime, ended: Iterable[_Ended]) -> None:
    groups: defaultdict[TaskState, list[_Ended]] = defaultdict(list)
    for each in ended:
        groups[each.settled.task].append(each)
    for state, group in groups.items():
        reasons = {each.task.id: each.settled.reason for each in group if each.settled.reason}
        move_tasks(
            session,
            now,
            [each.task.id for each in group],
            state,
            leaving=[TaskState.RUNNING],
            values={"end_date": now, "reason": ""},
            actor="worker",
            reasons=reasons,
        )
        set_reasons(session, reasons)
        _plan_retries(session, group)


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
        XComRow(each.task.run_pk, each.task.task_id, each.task.path, key, value)
        for key, value in outcome.xcoms.items()
    ]


def _skip_named(session: Session, now: datetime, each: _Ended) -> None:
    names = each.report.outcome.skip_tasks
    if not names:
        return
    rows = tasks_named(session, each.task.run_pk, names)
    reason = f"{each.task.task_id} chose another branch"
    move_tasks(
        session,
        now,
        [row.id for row in rows],
        TaskState.SKIPPED,
        leaving=[TaskState.NONE],
        values={"end_date": now, "reason": reason},
        reasons={row.id: reason for row in rows},
    )


def _call_back(session: Session, now: datetime, each: _Ended, graphs: GraphCache) -> None:
    """Queue the failure callback of a task whose own process could not call it."""
    outcome = each.report.outcome
    died = outcome.state in ("failed", "lost") and outcome.error is None
    if each.settled.task is TaskState.FAILED and died:
        graph = graphs.get(session, each.report.claim.version_id)
        queue_failure_callback(session, now, graph, each.task, each.settled.reason)


def queue_failure_callback(
    session: Session, now: datetime, graph: TaskGraph, task: TaskRow, reason: str
) -> None:
    """Queue `on_failure_callback` of a task as an attempt of its own, where the task has one."""
    spec = graph.tasks.get(task.task_id)
    if spec is None or not spec.has_failure_callback:
        return
    queue_callback(
        session,
        now,
        run_pk=task.run_pk,
        ti_id=task.id,
        kind="task_callback",
        try_number=task.try_number,
        queue=spec.queue,
        payload={"callback": "failure", "reason": reason},
    )


def record_losses(
    session: Session, now: datetime, expired: Collection[AttemptRow], graphs: GraphCache
) -> list[AttemptRow]:
    """Record attempts whose lease ran out as lost, and let their tasks run again. Return those that still were expired.

    A loss does not use up the user's retries, up to `core.settle.MAX_LOSSES`.
    """
    runs = {run.id: run for run in lock_runs(session, {row.run_pk for row in expired})}
    lost = still_expired(session, [row.id for row in expired])
    tasks = {
        task.id: task for task in lock_tasks(session, [row.ti_id for row in lost if row.ti_id is not None])
    }
    for row in lost:
        _record_loss(session, now, row, tasks.get(row.ti_id or 0), graphs, runs[row.run_pk])
    flag_runs(session, {row.run_pk for row in lost})
    at_edge(session, Edge.LOSS_RECORDED)
    return lost


def _record_loss(
    session: Session, now: datetime, row: AttemptRow, task: TaskRow | None, graphs: GraphCache, run: RunRow
) -> None:
    words = f"lost: worker {row.hostname} stopped answering"
    if row.kind != "task" and row.cancel_reason is None:
        lost = Outcome(attempt_id=row.id, epoch=row.epoch, state="lost", reason=words)
        _end_callback(session, now, lost)
        return
    settled = settle_loss((task.losses if task else 0) + 1, words, now)
    state = AttemptState.LOST if row.cancel_reason is None else AttemptState.CANCELLED
    reason = row.cancel_reason or settled.reason
    end_attempts(session, [Ending(attempt_id=row.id, state=state, reason=reason, end_date=now)])
    if task is None or row.kind != "task" or row.cancel_reason is not None:
        return
    move_tasks(
        session,
        now,
        [task.id],
        settled.task,
        leaving=[TaskState.RUNNING],
        values={"end_date": now, "reason": reason, "retry_at": settled.retry_at},
        reasons={task.id: reason},
    )
    count_losses(session, [task.id])
    if settled.retry_at is not None:
        bring_wake_forward(session, task.run_pk, settled.retry_at)
    elif settled.task is TaskState.FAILED:
        queue_failure_callback(session, now, graphs.get(session, run.version_id), task, reason)
