"""What the last parse of each DAG file found, what it depended on, and how it failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.tables import dag, dag_file
from scheduler.store.upsert import insert_into

F = dag_file.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFault:
    """Why a file could not be imported; `since` is when it began to fail, kept while it goes on failing."""

    type: str
    message: str
    lineno: int | None = None
    traceback: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """The last parse of one file. `path` is below the DAG folder, '/' separated.

    `files`: path -> hash of the contents that the parse depended on; `variables`: name -> hash of the value
    that it read, None where there was none.
    """

    path: str
    fingerprint: str
    parsed_at: datetime
    seconds: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    dag_ids: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: ImportFault | None = None


def save_files(session: Session, records: Sequence[FileRecord]) -> None:
    """Write the last parse of files, over what stood there. One statement."""
    if not records:
        return
    statement = insert_into(session, dag_file)
    columns = [column.name for column in dag_file.columns if column.name not in {"path", "error_since"}]
    failing_since = sa.case(
        (statement.excluded.error_type.is_(None), None),
        else_=sa.func.coalesce(F.error_since, statement.excluded.error_since),
    )
    statement = statement.on_conflict_do_update(
        index_elements=[F.path],
        set_={name: statement.excluded[name] for name in columns} | {"error_since": failing_since},
    )
    session.execute(statement, [_values(record) for record in records])


def _values(record: FileRecord) -> dict[str, Any]:
    error = record.error
    return {
        "path": record.path,
        "fingerprint": record.fingerprint,
        "depends_on": {"files": dict(record.files), "variables": dict(record.variables)},
        "dag_ids": list(record.dag_ids),
        "parsed_at": record.parsed_at,
        "seconds": record.seconds,
        "warnings": list(record.warnings),
        "error_type": error.type if error else None,
        "error_message": error.message if error else None,
        "error_lineno": error.lineno if error else None,
        "error_traceback": error.traceback if error else None,
        "error_since": (error.since or record.parsed_at) if error else None,
    }


def load_files(session: Session) -> dict[str, FileRecord]:
    """Return the last parse of every file, by path."""
    return {record.path: record for record in _records(session.execute(sa.select(dag_file)))}


def count_files(session: Session) -> int:
    """Return how many files have a record."""
    return session.scalar(sa.select(sa.func.count()).select_from(dag_file)) or 0


def list_import_errors(session: Session) -> list[FileRecord]:
    """Return the files that cannot be imported, the newest failure first."""
    query = sa.select(dag_file).where(F.error_type.is_not(None)).order_by(F.error_since.desc(), F.path)
    return _records(session.execute(query))


def only_seen(session: Session, records: Iterable[FileRecord]) -> list[FileRecord]:
    """Return records that name those DAGs alone that this session sees: a file may hold DAGs of several teams."""
    found = list(records)
    seen: set[str] = set()
    for batch in in_batches(sorted({dag_id for record in found for dag_id in record.dag_ids})):
        seen.update(session.scalars(sa.select(dag.c.dag_id).where(dag.c.dag_id.in_(batch))))
    return [
        replace(record, dag_ids=tuple(each for each in record.dag_ids if each in seen)) for record in found
    ]


def forget_files(session: Session, paths: Collection[str]) -> None:
    """Delete what is known of files that are gone."""
    for batch in in_batches(sorted(paths)):
        session.execute(sa.delete(dag_file).where(F.path.in_(batch)))


def _records(rows: Iterable[sa.Row[Any]]) -> list[FileRecord]:
    return [_record(row) for row in rows]


def _record(row: sa.Row[Any]) -> FileRecord:
    return FileRecord(
        path=row.path,
        fingerprint=row.fingerprint,
        parsed_at=row.parsed_at,
        seconds=row.seconds,
        files=row.depends_on["files"],
        variables=row.depends_on["variables"],
        dag_ids=tuple(row.dag_ids),
        warnings=tuple(row.warnings),
        error=_fault(row) if row.error_type is not None else None,
    )


def _fault(row: sa.Row[Any]) -> ImportFault:
    return ImportFault(
        type=row.error_type,
        message=row.error_message or "",
        lineno=row.error_lineno,
        traceback=row.error_traceback or "",
        since=row.error_since,
    )
