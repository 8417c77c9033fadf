"""Transactions that meet on PostgreSQL: one has done its work, and commits once the other waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import sqlalchemy as sa

from scheduler.store.engine import Database, Session
from tests.runtime.processes import wait_until

_WAITING = sa.text(
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@contextmanager
def met_by(
    db: Database, other: Callable[[], object], *, before: Callable[[Session], object] | None = None
) -> Iterator[Session]:
    """Yield a transaction; before it commits, `other` is called and comes to wait for what it has locked.

    With `before`, `other` waits for what that has locked, and then meets the rest.
    """
    with ThreadPoolExecutor(1) as pool:
        with db.write() as session:
            asked = None
            if before is not None:
                before(session)
                asked = _have_wait(db, pool, other)
            yield session
            asked = asked or _have_wait(db, pool, other)
        asked.result()


def _have_wait(db: Database, pool: ThreadPoolExecutor, other: Callable[[], object]) -> Future[object]:
    asked = pool.submit(other)
    wait_until(lambda: asked.done() or _is_awaited(db))
    return asked


def _is_awaited(db: Database) -> bool:
    with db.read() as session:
        return bool(session.scalar(_WAITING))
