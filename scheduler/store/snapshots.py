"""Snapshots: which files the DAG folder held, by content. What a run is pinned to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias

import sqlalchemy as sa

from scheduler.errors import NotFound
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import snapshot
from scheduler.store.upsert import insert_into


class Entry(NamedTuple):
    """One file: the hash of its content, its size in bytes, its permission bits."""

    hash: str
    size: int
    mode: int


#: Path below the DAG folder, '/' separated -> what stands there.
Manifest: TypeAlias = Mapping[str, Entry]


def hash_manifest(manifest: Manifest) -> str:
    """Return the name of a snapshot: the same files give the same name, in whatever order."""
    text = json.dumps([[path, *manifest[path]] for path in sorted(manifest)], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def store_snapshot(session: Session, manifest: Manifest, now: datetime) -> int:
    """Return the id of the snapshot that holds just these files, made where there is none; it is the newest now.

    Where it is the newest already, as when a scheduler starts again, its time stays that at which the folder came to
    be so. One statement; the unique hash decides between two that store it at once.
    """
    name = hash_manifest(manifest)
    rows = {path: list(entry) for path, entry in manifest.items()}
    newest = sa.select(sa.func.max(snapshot.alias("any").c.created_at)).scalar_subquery()
    since = sa.case((snapshot.c.created_at < newest, now), else_=snapshot.c.created_at)
    statement = insert_into(session, snapshot).values(hash=name, manifest=rows, created_at=now)
    statement = statement.on_conflict_do_update(index_elements=[snapshot.c.hash], set_={"created_at": since})
    return int(session.scalars(statement.returning(snapshot.c.id)).one())


def known_hashes(session: Session, names: Collection[str]) -> set[str]:
    """Return those of the names of snapshots that are stored."""
    query = sa.select(snapshot.c.hash)
    batches = (query.where(snapshot.c.hash.in_(batch)) for batch in in_batches(sorted(names)))
    return {name for batch in batches for name in session.scalars(batch)}


def newest_snapshot(session: Session) -> int | None:
    """Return the id of the snapshot stored last, None before the first."""
    newest: int | None = session.scalar(sa.select(sa.func.max(snapshot.c.id)))
    return newest


def load_manifest(session: Session, snapshot_id: int) -> dict[str, Entry]:
    """Return the files of a snapshot. Raises NotFound."""
    manifest = session.scalar(sa.select(snapshot.c.manifest).where(snapshot.c.id == snapshot_id))
    if manifest is None:
        raise NotFound("snapshot", str(snapshot_id))
    return {path: Entry(*entry) for path, entry in manifest.items()}
