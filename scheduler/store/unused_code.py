"""Snapshots that nothing refers to any more, and the contents that only they held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import blob, dag, dag_run, dag_version, snapshot

S = snapshot.c


def delete_unused_snapshots(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` snapshots with the contents that no other one holds; return how many.

    Only such as no DAG, version or run refers to, and that another one had replaced `before`: what parsing
    holds in memory stays. While it deletes, no snapshot is stored; `store_snapshot` is to be followed by a
    look at `missing_blobs` in the same transaction.
    """
    if not _unused(session, before, 1):
        return 0
    if session.dialect.name == "postgresql":
        session.execute(sa.text("LOCK TABLE snapshot IN SHARE ROW EXCLUSIVE MODE"))
    unused = _unused(session, before, limit)
    manifests = session.scalars(sa.select(S.manifest).where(S.id.in_(unused)))
    hashes = {entry[0] for manifest in manifests for entry in manifest.values()}
    session.execute(sa.delete(snapshot).where(S.id.in_(unused)))
    for batch in in_batches(sorted(_not_held(session, hashes))):
        session.execute(sa.delete(blob).where(blob.c.hash.in_(batch)))
    return len(unused)


def _unused(session: Session, before: datetime, limit: int) -> list[int]:
    replaced = sa.select(sa.func.max(S.created_at)).where(S.created_at <= before).scalar_subquery()
    query = (
        sa.select(S.id)
        .where(
            S.created_at < replaced,
            # SQLite would give the largest id again, and workers remember which code stands under an id.
            S.id < sa.select(sa.func.max(S.id)).scalar_subquery(),
            S.id.not_in(sa.select(dag.c.snapshot_id)),
            ~sa.exists().where(dag_version.c.snapshot_id == S.id),
            ~sa.exists().where(dag_run.c.snapshot_id == S.id),
        )
        .order_by(S.created_at)
        .limit(limit)
    )
    return list(session.scalars(query))


def _not_held(session: Session, hashes: Iterable[str]) -> set[str]:
    """Return those that stand in no snapshot. The newest are read first: most stand there."""
    rest = set(hashes)
    query = sa.select(S.manifest).order_by(S.id.desc()).execution_options(yield_per=20)
    manifests = session.scalars(query)
    for manifest in manifests:
        rest.difference_update(entry[0] for entry in manifest.values())
        if not rest:
            break
    manifests.close()
    return rest
