"""Contents of files, kept once each under the hash of what they hold."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import blob
from scheduler.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Blob:
    """One content. `data` is compressed; `size` is what it was before."""

    hash: str
    data: bytes
    size: int


def hash_bytes(data: bytes) -> str:
    """Return the name of a content: its SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def pack_blob(data: bytes) -> Blob:
    """Name and compress a content. Takes time: not under the write lock."""
    return Blob(hash_bytes(data), zlib.compress(data, 6), len(data))


def missing_blobs(session: Session, hashes: Collection[str]) -> set[str]:
    """Return those of the hashes that are not stored."""
    missing = set(hashes)
    for batch in in_batches(sorted(missing)):
        missing.difference_update(session.scalars(sa.select(blob.c.hash).where(blob.c.hash.in_(batch))))
    return missing


def store_blobs(session: Session, blobs: Iterable[Blob]) -> None:
    """Store contents; those that are stored already stay as they are."""
    for batch in in_batches(blobs, 100):
        rows = [{"hash": each.hash, "data": each.data, "size": each.size} for each in batch]
        session.execute(insert_into(session, blob).on_conflict_do_nothing(), rows)


def load_blobs(session: Session, hashes: Collection[str]) -> dict[str, bytes]:
    """Return contents, decompressed, by hash; one that is not stored is left out."""
    found: dict[str, bytes] = {}
    for batch in in_batches(sorted(set(hashes)), 500):
        query = sa.select(blob.c.hash, blob.c.data).where(blob.c.hash.in_(batch))
        found.update((name, zlib.decompress(data)) for name, data in session.execute(query))
    return found
