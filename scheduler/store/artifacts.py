"""Documents that tasks made for people to see: reports, charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from scheduler.errors import NotFound, TooLarge
from scheduler.store.engine import Session
from scheduler.store.tables import artifact
from scheduler.store.upsert import insert_into

A = artifact.c
LIMIT_BYTES: Final = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ArtifactRef:
    """A document without its content; `size` in bytes."""

    id: int
    task_id: str
    path: str
    name: str
    media_type: str
    size: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """A document. `data` was written by user code: never trust it, nor its media type."""

    name: str
    media_type: str
    data: bytes


def put_artifact(
    session: Session, now: datetime, *, run_pk: int, task_id: str, path: str, document: Artifact
) -> None:
    """Store a document, over one of the same name of the same task instance. Raises TooLarge above 5 MB."""
    if len(document.data) > LIMIT_BYTES:
        raise TooLarge(f"The artifact {document.name!r} of {task_id}", len(document.data), LIMIT_BYTES)
    statement = insert_into(session, artifact).values(
        run_pk=run_pk,
        task_id=task_id,
        path=path,
        name=document.name,
        media_type=document.media_type,
        data=document.data,
        updated_at=now,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[A.run_pk, A.task_id, A.path, A.name],
            set_={name: statement.excluded[name] for name in ("media_type", "data", "updated_at")},
        )
    )


def list_artifacts(session: Session, run_pk: int, task_id: str | None = None) -> list[ArtifactRef]:
    """Return the documents of a run, or of one of its tasks, the newest first; their contents stay behind."""
    size = sa.func.length(A.data)
    query = sa.select(A.id, A.task_id, A.path, A.name, A.media_type, size, A.updated_at).where(
        A.run_pk == run_pk
    )
    if task_id is not None:
        query = query.where(A.task_id == task_id)
    return [ArtifactRef(*row) for row in session.execute(query.order_by(A.updated_at.desc(), A.id.desc()))]


def load_artifact(session: Session, run_pk: int, artifact_id: int) -> Artifact:
    """Return a document of a run. Raises NotFound, also where it belongs to another run."""
    query = sa.select(A.name, A.media_type, A.data).where(A.id == artifact_id, A.run_pk == run_pk)
    row = session.execute(query).first()
    if row is None:
        raise NotFound("artifact", str(artifact_id))
    return Artifact(*row)
