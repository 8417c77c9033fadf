"""Tasks that wait to be admitted, and what those occupy that were: read by one transaction at a time.

Who queues tasks must know what is queued already, so admissions take turns. Their turn is an advisory lock on
PostgreSQL, held to the end of the transaction and taken only where a task waits; SQLite has one writer anyway.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from scheduler.core.states import AttemptState, TaskState
from scheduler.store.engine import Session
from scheduler.store.lists import is_in, one_of
from scheduler.store.tables import OCCUPYING_TASKS, attempt, dag_run, pool, task_instance

T = task_instance.c

#: Any number that no other program on the database uses for an advisory lock: "admitted" as bytes.
_TURN: Final = int.from_bytes(b"admitted", "big")


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A task whose dependencies are met and that waits to be admitted."""

    id: int
    run_pk: int
    dag_id: str
    version_id: int
    task_id: str
    path: str
    queue: str
    pool: str
    pool_slots: int
    priority: int
    scheduled_at: datetime
    run_max_active_tasks: int
    pool_size: int | None  #: None: there is no such pool


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Places that tasks of one kind take."""

    pool: str
    queue: str
    run_pk: int
    task_id: str
    dag_id: str
    count: int
    pool_slots: int
    run_max_active_tasks: int
    pool_size: int | None  #: None: there is no such pool


class wait_for_turn(FunctionElement[bool]):
    """True, once no other transaction admits."""

    name = "wait_for_turn"
    type = sa.Boolean()
    inherit_cache = True


class ask_for_turn(FunctionElement[bool]):
    """True, or false where another transaction admits."""

    name = "ask_for_turn"
    type = sa.Boolean()
    inherit_cache = True


@compiles(wait_for_turn, "sqlite")
@compiles(ask_for_turn, "sqlite")
def _no_turns(element: FunctionElement[bool], compiler: SQLCompiler, **options: Any) -> str:
    return "1"


@compiles(wait_for_turn, "postgresql")
def _wait(element: wait_for_turn, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT pg_advisory_xact_lock({_TURN})) IS NOT NULL"


@compiles(ask_for_turn, "postgresql")
def _ask(element: ask_for_turn, compiler: SQLCompiler, **options: Any) -> str:
    # In a query of its own it is asked once, not for each row.
    return f"(SELECT pg_try_advisory_xact_lock({_TURN}))"


#: A cleared task whose earlier attempt is still being stopped: two of one task never run at once.
IS_STOPPING = sa.exists().where(attempt.c.ti_id == T.id, is_in(attempt.c.state, [AttemptState.RUNNING]))
#: Of all its runs together, and of one run: no id has a slash in it, so neither is ever taken for the other.
_TASK_OF_DAG = dag_run.c.dag_id + "/" + T.task_id
_TASK_OF_RUN = sa.cast(T.run_pk, sa.Text) + "//" + T.task_id
_SCHEDULED = (
    sa.select(
        T.id, T.run_pk, dag_run.c.dag_id, dag_run.c.version_id, T.task_id, T.path, T.queue, T.pool, T.pool_slots,
        T.priority, T.scheduled_at, dag_run.c.max_active_tasks, pool.c.slots,
    )
    .join(dag_run, dag_run.c.id == T.run_pk)
    .join(pool, pool.c.name == T.pool)
    .where(is_in(T.state, [TaskState.SCHEDULED]), ~dag_run.c.is_aside)
    # What no pool can take as it is waits for a person, in nobody's way.
    .where(pool.c.slots >= T.pool_slots)
    .where(~one_of(T.pool, "full_pools"))
    .where(~one_of(T.run_pk, "full_runs"))
    .where(~one_of(_TASK_OF_DAG, "full_tasks"), ~one_of(_TASK_OF_RUN, "full_tasks"))
    .where(~IS_STOPPING)
    .order_by(T.priority.desc(), T.scheduled_at, T.id)
    .limit(sa.bindparam("room", type_=sa.Integer()))
    .with_for_update(of=task_instance, skip_locked=True)
)  # fmt: skip
#: One queue is read in the order of its index, as far as there is room; several are sorted.
_OF_ONE_QUEUE = _SCHEDULED.where(T.queue == sa.bindparam("queue", type_=T.queue.type))
_OF_QUEUES = _SCHEDULED.where(one_of(T.queue, "queues"))
_WAITING = tuple(each.add_columns(wait_for_turn()) for each in (_OF_ONE_QUEUE, _OF_QUEUES))
_ASKING = tuple(each.add_columns(ask_for_turn()) for each in (_OF_ONE_QUEUE, _OF_QUEUES))


def _places(
    tasks: sa.FromClause, *which: sa.ColumnElement[bool], count: sa.ColumnElement[int] | None = None
) -> sa.Select[Any]:
    return (
        sa.select(
            *(
                T.pool,
                T.queue,
                T.run_pk,
                T.task_id,
                dag_run.c.dag_id,
                sa.func.count() if count is None else count,
                sa.func.sum(T.pool_slots),
            ),
            *(sa.func.max(dag_run.c.max_active_tasks), sa.func.max(pool.c.slots)),
        )
        .select_from(tasks)
        .join(dag_run, dag_run.c.id == T.run_pk)
        .outerjoin(pool, pool.c.name == T.pool)
        .where(*which)
        .group_by(T.pool, T.queue, T.run_pk, T.task_id, dag_run.c.dag_id)
    )


_P = pool.alias("counting")
_OCCUPANCY = sa.union_all(
    _places(task_instance, is_in(T.state, OCCUPYING_TASKS)),
    # What somebody cancelled, marked or cleared keeps its places until its attempt has stopped.
    _places(
        attempt.join(task_instance, T.id == attempt.c.ti_id),
        is_in(attempt.c.state, [AttemptState.RUNNING]),
        attempt.c.cancel_reason.is_not(None),
        attempt.c.kind == "task",
        ~is_in(T.state, OCCUPYING_TASKS),
    ),
    # Some pools count who waits without a slot; no other limit does.
    _places(
        task_instance,
        T.pool.in_(sa.select(_P.c.name).where(_P.c.include_deferred)),
        is_in(T.state, [TaskState.DEFERRED]),
        count=sa.literal(0),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which scheduled tasks are asked for: of some queues, not held back by what is full, at most `limit`."""

    queues: Collection[str]
    full_pools: Collection[str] = ()
    full_runs: Collection[int] = ()
    full_tasks: Collection[str] = ()  #: as `core.admission` names them
    limit: int


def scheduled_tasks(session: Session, wanted: Wanted) -> list[ScheduledTask]:
    """Return the best scheduled tasks, highest priority then oldest first; waits while another transaction admits.

    Rows are locked, and rows that another transaction holds are passed over. Ask for `occupancy` afterwards: what was
    admitted meanwhile is seen then.
    """
    return [ScheduledTask(*row[:-1]) for row in _read(session, _WAITING, wanted)]


def scheduled_tasks_in_turn(session: Session, wanted: Wanted) -> list[ScheduledTask] | None:
    """Return the same without waiting; None where tasks wait, and another transaction admits just now."""
    rows = _read(session, _ASKING, wanted)
    return [ScheduledTask(*row[:-1]) for row in rows] if all(row[-1] for row in rows) else None


def _read(session: Session, statements: tuple[sa.Select[Any], ...], wanted: Wanted) -> list[Any]:
    of_one, of_several = statements
    binds: dict[str, Any] = {
        "full_pools": sorted(wanted.full_pools),
        "full_runs": sorted(wanted.full_runs),
        "full_tasks": sorted(wanted.full_tasks),
        "room": wanted.limit,
    }
    match sorted(wanted.queues):
        case [queue]:
            return list(session.execute(of_one, binds | {"queue": queue}))
        case several:
            return list(session.execute(of_several, binds | {"queues": several}))


def occupancy(session: Session) -> list[Occupancy]:
    """Return what queued and running tasks occupy, and those whose attempt is still being stopped.

    As many rows as there are such tasks at most.
    """
    return [Occupancy(*row) for row in session.execute(_OCCUPANCY)]
