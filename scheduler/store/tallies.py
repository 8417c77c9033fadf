"""Sums of what ended: by minute, hour and day, of each DAG and of all, so that nobody has to read history.

The leader counts attempts soon after they end. An attempt is counted in the transaction that marks it as counted, once,
whoever counts, however often it is broken off; so a sum is exact as far as it goes. What is counted stays when
retention deletes the attempts: days for two years; hours, minutes, and what is finer than a DAG as long as a page shows
them, so that the sums stay small beside history.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache, reduce
from operator import add
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.cost import Amount, millis
from scheduler.core.delays import bucket_of
from scheduler.core.spans import DAY, HOUR, KEPT, floor
from scheduler.core.states import AttemptState
from scheduler.store.ended_attempts import Ended, take_uncounted
from scheduler.store.engine import Session
from scheduler.store.tables import (
    delay_tally,
    tally,
    task_tally,
)
from scheduler.store.upsert import insert_for

#: Stands for all DAGs.
ALL: Final = ""
#: How long the delays of each DAG, and what its tasks took, are kept.
_DELAYS_KEPT: Final = {DAY: timedelta(days=35)}
_TASKS_KEPT: Final = {HOUR: timedelta(days=2), DAY: timedelta(days=35)}
#: States whose attempts tell how long a task takes.
_TIMED: Final = frozenset(
    {AttemptState.SUCCESS, AttemptState.FAILED, AttemptState.LOST, AttemptState.SKIPPED}
)
_BAD: Final = frozenset({AttemptState.FAILED, AttemptState.LOST})


@dataclass(frozen=True, slots=True)
class Cell:
    """A span of time of one DAG, or of all."""

    width_s: int
    dag_id: str
    start_at: datetime


def count_attempts(session: Session, now: datetime, limit: int) -> int:
    """Add attempts that ended, and are not counted yet, to the sums; return how many. At most `limit`.

    Exact under any interleaving: the mark and the sums are one transaction, and rows that another one holds are left
    to it.
    """
    ended = take_uncounted(session, limit)
    if ended:
        add_ended(session, now, ended)
    return len(ended)


def add_ended(session: Session, now: datetime, ended: Sequence[Ended]) -> None:
    """Add attempts to the sums; the caller sees to it that each is added once."""
    sums: dict[Cell, Counter[str]] = {}
    peaks: Counter[Cell] = Counter()
    delays: Counter[tuple[Cell, str, int]] = Counter()
    tasks: dict[tuple[Cell, str], dict[str, Any]] = {}
    for (dag_id, minute), group in _by_minute(ended).items():
        counts = _counts(group)
        peak = max(each.peak_memory_bytes or 0 for each in group)
        for cell in cells((ALL, dag_id), minute, now):
            sums.setdefault(cell, Counter()).update(counts)
            peaks[cell] = max(peaks[cell], peak)
        delays.update(_delays(dag_id, minute, group, now))
        _gather_tasks(tasks, cells([dag_id], minute, now, _TASKS_KEPT), group)
    add_to_tallies(session, sums, peaks)
    _add_delays(session, delays)
    _add(session, task_tally, list(tasks.values()))


def _by_minute(ended: Iterable[Ended]) -> dict[tuple[str, datetime], list[Ended]]:
    """Group attempts by DAG and minute: those of a group belong to the same spans of every width."""
    found: dict[tuple[str, datetime], list[Ended]] = {}
    for each in ended:
        minute = each.end_date.replace(second=0, microsecond=0)
        found.setdefault((each.dag_id, minute), []).append(each)
    return found


def cells(
    names: Iterable[str], at: datetime, now: datetime, kept: Mapping[int, timedelta] = KEPT
) -> list[Cell]:
    """Return the spans of these DAGs that an instant belongs to, as far as they are kept."""
    widths = [width_s for width_s, length in kept.items() if at > now - length]
    return [Cell(width_s, name, floor(at, width_s)) for name in names for width_s in widths]


def _delays(
    dag_id: str, minute: datetime, group: Iterable[Ended], now: datetime
) -> Counter[tuple[Cell, str, int]]:
    waits = Counter((kind, bucket_of(ms)) for each in group for kind, ms in _waits(each).items())
    within = [*cells([ALL], minute, now), *cells([dag_id], minute, now, _DELAYS_KEPT)]
    return Counter({(cell, *wait): count for cell in within for wait, count in waits.items()})


def _counts(group: Collection[Ended]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for each in group:
        counts[each.state if each.is_task else "callbacks"] += 1
        counts["unmeasured"] += each.claimed_at is not None and not each.peak_memory_bytes
    counts.update(asdict(sum((each.took for each in group), Amount())))
    return counts


def _waits(each: Ended) -> dict[str, int]:
    waits = {
        "scheduling": millis(each.scheduled_at, each.queued_at),
        "pick_up": millis(each.queued_at, each.start_date),
    }
    return {kind: ms for kind, ms in waits.items() if ms is not None} if each.is_task else {}


def add_to_tallies(
    session: Session, sums: Mapping[Cell, Mapping[str, int]], peaks: Mapping[Cell, int]
) -> None:
    """Add counts to spans of time, which are made where they are not there yet."""
    rows = [
        {**_row(cell), **dict.fromkeys(_SUMMED, 0), **counts, "peak_memory_bytes": peaks.get(cell, 0)}
        for cell, counts in sums.items()
    ]
    _add(session, tally, rows)


def _add_delays(session: Session, delays: Mapping[tuple[Cell, str, int], int]) -> None:
    rows = [
        {**_row(cell), "kind": kind, "bucket": bucket, "count": count}
        for (cell, kind, bucket), count in delays.items()
    ]
    _add(session, delay_tally, rows)


def _gather_tasks(
    rows: dict[tuple[Cell, str], dict[str, Any]], within: Iterable[Cell], group: Iterable[Ended]
) -> None:
    """Add what attempts of tasks took to the rows of these spans, which are made where they are not there yet."""
    timed = [each for each in group if each.is_task and each.state in _TIMED]
    for cell in within:
        for each in timed:
            row = rows.get((cell, each.task_id))
            if row is None:
                row = rows[cell, each.task_id] = _empty_task(cell, each.task_id)
            _add_task(row, each)


def _empty_task(cell: Cell, task_id: str) -> dict[str, Any]:
    counts = dict.fromkeys(("ended", "failed", "run_ms", "cpu_us", "longest_id", "failed_id"), 0)
    return {**_row(cell), "task_id": task_id, **counts, "longest_ms": -1}


def _add_task(row: dict[str, Any], each: Ended) -> None:
    is_bad, took = each.state in _BAD, each.took
    row["ended"] += 1
    row["failed"] += is_bad
    row["run_ms"] += took.run_ms
    row["cpu_us"] += took.cpu_us
    if took.run_ms > row["longest_ms"]:
        row["longest_ms"], row["longest_id"] = took.run_ms, each.id
    if is_bad:
        row["failed_id"] = max(row["failed_id"], each.id)


def _row(cell: Cell) -> dict[str, Any]:
    return {"width_s": cell.width_s, "dag_id": cell.dag_id, "start_at": cell.start_at}


_KEYS: Final = ("width_s", "dag_id", "task_id", "start_at", "kind", "bucket")
#: The higher of two counts; all others are added.
_MOST: Final = ("peak_memory_bytes", "longest_ms", "failed_id")
_SUMMED: Final = tuple(c.name for c in tally.c if c.name not in (*_KEYS, *_MOST))


def _add(session: Session, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Add rows to those of the same keys, in order of the keys: two that add at once do not lock each other out."""
    if rows:
        names = [name for name in _KEYS if name in table.c]
        rows.sort(key=lambda row: [row[name] for name in names])
        session.execute(_adding(session.dialect.name, table), rows)


@cache
def _adding(dialect: str, table: sa.Table) -> sa.Insert:
    statement = insert_for(dialect, table)
    old, new = table.c, statement.excluded
    values: dict[str, Any] = {c.name: c + new[c.name] for c in table.c if c.name not in _KEYS}
    for name in _MOST:
        if name in values:
            values[name] = sa.case((new[name] > old[name], new[name]), else_=old[name])
    if "longest_id" in values:
        is_longer = new.longest_ms > old.longest_ms
        values["longest_id"] = sa.case((is_longer, new.longest_id), else_=old.longest_id)
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)


def prune_tallies(session: Session, now: datetime, limit: int) -> int:
    """Delete sums that are older than what is kept of their width; return the largest count of one kind."""
    of_dags = delay_tally.c.dag_id != ALL
    return max(
        *(_delete_old(session, tally, *each, now, limit) for each in KEPT.items()),
        *(_delete_old(session, delay_tally, *each, now, limit) for each in KEPT.items()),
        *(_delete_old(session, delay_tally, *each, now, limit, of_dags) for each in _DELAYS_KEPT.items()),
        *(_delete_old(session, task_tally, *each, now, limit) for each in _TASKS_KEPT.items()),
    )


def _delete_old(
    session: Session,
    table: sa.Table,
    width_s: int,
    kept: timedelta,
    now: datetime,
    limit: int,
    *where: sa.ColumnElement[bool],
) -> int:
    keys = list(table.primary_key.columns)
    old = sa.select(*keys).where(table.c.width_s == width_s, table.c.start_at < now - kept, *where)
    return session.execute(sa.delete(table).where(sa.tuple_(*keys).in_(old.limit(limit)))).rowcount


#: Attempts of tasks and callbacks, and runs.
COUNTED: Final = (
    *("success", "failed", "lost", "skipped", "cancelled", "deferred", "callbacks"),
    *("runs_success", "runs_failed"),
)
_ALL_COUNTED: Final = sa.select(sa.func.sum(reduce(add, (tally.c[name] for name in COUNTED)))).where(
    tally.c.width_s == DAY, tally.c.dag_id == ALL
)


def read_count(session: Session) -> int:
    """Return how much is counted of all that is kept: as long as it is the same, so are all sums of DAGs in force."""
    return int(session.scalar(_ALL_COUNTED) or 0)


def forget_dag(session: Session, dag_id: str) -> None:
    """Delete the sums of a DAG; those of all DAGs keep what it was part of."""
    for table in (tally, delay_tally, task_tally):
        session.execute(sa.delete(table).where(table.c.dag_id == dag_id))
