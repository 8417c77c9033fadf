"""Variables, connections and pools as programs list them: chosen by name, in an order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from scheduler.core.states import TaskState
from scheduler.store.choices import Choice, Columns, conditions, in_order
from scheduler.store.ciphers import Cipher
from scheduler.store.connections import Connection, connection_of
from scheduler.store.engine import Session
from scheduler.store.lists import is_in
from scheduler.store.pools import Pool
from scheduler.store.tables import OCCUPYING_TASKS, connection, dag_run, pool, task_instance, variable
from scheduler.store.variables import VariableRef

V = variable.c
C = connection.c
P = pool.c
T = task_instance.c

_VARIABLES: Final[Columns] = {
    **dict.fromkeys(("key", "id", "variable_key"), V.key),
    "description": V.description,
    "is_encrypted": sa.true(),
}
_CONNECTIONS: Final[Columns] = {
    **dict.fromkeys(("connection_id", "conn_id", "id"), C.conn_id),
    **{name: C[name] for name in ("conn_type", "description", "host", "port")},
}
_POOLS: Final[Columns] = {**dict.fromkeys(("id", "name", "pool", "pool_name"), P.name), "slots": P.slots}
_TAKEN: Final = sa.union_all(
    *(
        sa.select(T.pool, T.state, sa.func.sum(T.pool_slots))
        .where(is_in(T.state, states))
        .group_by(T.pool, T.state)
        for states in (OCCUPYING_TASKS, [TaskState.SCHEDULED], [TaskState.DEFERRED])
    )
)


def list_variable_texts(
    session: Session, cipher: Cipher, choice: Choice, *, limit: int, offset: int
) -> tuple[list[tuple[VariableRef, str]], int]:
    """Return one page of the variables that are chosen, with their texts, and how many there are."""
    columns = (V.key, V.description, V.updated_at, V.value)
    rows, total = _page(session, columns, variable, _VARIABLES, choice, V.key, limit, offset)
    return [(VariableRef(*row[:3]), cipher.unseal(row[3])) for row in rows], total


def list_whole_connections(
    session: Session, cipher: Cipher, choice: Choice, *, limit: int, offset: int
) -> tuple[list[Connection], int]:
    """Return one page of the connections that are chosen, with their secrets, and how many there are."""
    rows, total = _page(session, tuple(C), connection, _CONNECTIONS, choice, C.conn_id, limit, offset)
    return [connection_of(cipher, row._mapping) for row in rows], total


def list_some_pools(session: Session, choice: Choice, *, limit: int, offset: int) -> tuple[list[Pool], int]:
    """Return one page of the pools that are chosen, and how many there are."""
    columns = (P.name, P.slots, P.description, P.include_deferred)
    rows, total = _page(session, columns, pool, _POOLS, choice, P.name, limit, offset)
    return [Pool(*row) for row in rows], total


def _page(
    session: Session,
    wanted: tuple[sa.ColumnElement[Any], ...],
    table: sa.Table,
    columns: Columns,
    choice: Choice,
    last: sa.ColumnElement[Any],
    limit: int,
    offset: int,
) -> tuple[list[Any], int]:
    where = tuple(conditions(columns, choice))
    query = sa.select(*wanted).where(*where).order_by(*in_order(columns, choice, last))
    total = session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
    return list(session.execute(query.limit(limit).offset(offset))), total


def slots_by_state(session: Session) -> dict[str, dict[str, int]]:
    """Return how many slots of each pool tasks want or take, by their states; one statement over what is active."""
    found: dict[str, dict[str, int]] = {}
    for name, state, slots in session.execute(_TAKEN):
        found.setdefault(name, {})[state] = int(slots)
    return found


def pool_load_fields(row: Pool, taken: dict[str, int]) -> dict[str, Any]:
    """Describe a pool with what takes its slots, as Airflow's API names it."""
    running, queued = taken.get("running", 0), taken.get("queued", 0)
    deferred = taken.get("deferred", 0)
    occupied = running + queued + (deferred if row.include_deferred else 0)
    return {
        "name": row.name,
        "slots": row.slots,
        "description": row.description or None,
        "include_deferred": row.include_deferred,
        "occupied_slots": occupied,
        "running_slots": running,
        "queued_slots": queued,
        "scheduled_slots": taken.get("scheduled", 0),
        "deferred_slots": deferred,
        "open_slots": max(0, row.slots - occupied),
    }


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that could run if there were room for it."""

    dag_id: str
    run_id: str
    task_id: str
    path: str
    pool: str
    pool_slots: int
    queue: str
    priority: int
    since: datetime | None


_WAITING: Final = (
    sa.select(
        *(dag_run.c.dag_id, dag_run.c.run_id, T.task_id, T.path, T.pool, T.pool_slots, T.queue),
        *(T.priority, T.scheduled_at),
    )
    .join(dag_run, dag_run.c.id == T.run_pk)
    .where(is_in(T.state, [TaskState.SCHEDULED]))
    .order_by(T.priority.desc(), T.scheduled_at, T.id)
)


def waiting_order(session: Session, limit: int) -> list[WaitingTask]:
    """Return the tasks that wait for room, in the order in which they will be admitted."""
    rows: Any = session.execute(_WAITING.limit(limit))
    return [WaitingTask(*row) for row in rows]
