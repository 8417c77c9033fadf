"""Writing what a parse found: versions, DAGs, when they are due, the file's record. In one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.clock import parse_instant
from scheduler.core.timetables import Due, next_due
from scheduler.errors import DirigentError, DuplicateDag
from scheduler.parsing.checks import check_dag
from scheduler.parsing.freshness import content_of, fingerprint
from scheduler.store.dag_files import FileRecord, ImportFault, save_files
from scheduler.store.dags import DagRow, ParsedDag, find_dag, owners, retire_dags, set_next_dues, upsert_dags
from scheduler.store.engine import Session, request_wake
from scheduler.store.schedules import last_scheduled
from scheduler.store.snapshots import Manifest
from scheduler.store.versions import load_graph, store_versions
from scheduler.wire import DagSpec, ParsedFile


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file was parsed from: the snapshot, and the variables and connections as they stood before."""

    snapshot_id: int
    manifest: Manifest
    revisions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say of new DAGs."""

    is_paused: bool = False

    def pauses(self, spec: DagSpec) -> bool:
        """Tell whether a new DAG arrives paused: one that an Airflow may be running does."""
        if spec.is_paused_upon_creation is not None:
            return spec.is_paused_upon_creation
        return self.is_paused or spec.compat == "airflow"


def register(
    session: Session,
    now: datetime,
    parsed: ParsedFile,
    origin: Origin,
    *,
    before: FileRecord | None,
    policy: Policy,
    pin_to: int,
) -> FileRecord:
    """Write what a file declares, or why it cannot be imported, and return its record.

    DAGs that it declared `before` and no longer does are retired. An error leaves them all as they were. New
    runs are pinned to the snapshot `pin_to`, in which all that the parse depended on stands as in its origin.
    """
    parsed = replace(parsed, dags=tuple(replace(spec, file=parsed.file) for spec in parsed.dags))
    fault = _fault(parsed) or _refusal(session, parsed, origin.manifest)
    record = _record(parsed, origin, now, fault, before)
    if fault is None:
        _store(session, now, parsed.dags, origin, pin_to, policy)
        _retire_dropped(session, now, record, before)
    save_files(session, [record])
    request_wake(session)
    return record


def _fault(parsed: ParsedFile) -> ImportFault | None:
    error = parsed.error
    if error is None:
        return None
    return ImportFault(
        type=_storable(error.type, 200),
        message=_storable(error.message, 10_000),
        lineno=parsed.error_lineno,
        traceback=_storable(error.traceback, 100_000),
    )


def _storable(text: str, limit: int) -> str:
    """Cut a text of user code short, and replace what PostgreSQL cannot hold: NUL and lone surrogates."""
    return text[:limit].encode(errors="replace").decode().replace("\0", "\ufffd")


def _refusal(session: Session, parsed: ParsedFile, manifest: Manifest) -> ImportFault | None:
    """Say why what the file declares cannot be taken, None where it can."""
    try:
        for spec in parsed.dags:
            check_dag(spec)
        _check_owners(session, parsed, manifest)
    except (DirigentError, ValueError, TypeError) as error:
        return ImportFault(type=type(error).__name__, message=str(error))
    return None


def _check_owners(session: Session, parsed: ParsedFile, manifest: Manifest) -> None:
    """A DAG belongs to the file that declared it first, for as long as that file exists."""
    owned = owners(session, [spec.dag_id for spec in parsed.dags])
    for dag_id, file in sorted(owned.items()):
        if file != parsed.file and file in manifest:
            raise DuplicateDag(dag_id, file, parsed.file)


def _record(
    parsed: ParsedFile, origin: Origin, now: datetime, fault: ImportFault | None, before: FileRecord | None
) -> FileRecord:
    paths = {parsed.file, *parsed.modules, *parsed.opened}
    files = {path: content_of(path, origin.manifest) for path in sorted(paths)}
    variables = {name: origin.revisions.get(name) for name in parsed.variables}
    still_in_force = before.dag_ids if before else ()
    return FileRecord(
        path=parsed.file,
        fingerprint=fingerprint(files, variables),
        parsed_at=now,
        seconds=parsed.seconds,
        files=files,
        variables=variables,
        dag_ids=still_in_force if fault else tuple(sorted(spec.dag_id for spec in parsed.dags)),
        warnings=tuple(_storable(each, 1_000) for each in parsed.warnings),
        error=fault,
    )


def _store(
    session: Session, now: datetime, specs: Sequence[DagSpec], origin: Origin, pin_to: int, policy: Policy
) -> None:
    dues = _dues(session, now, specs)
    versions = store_versions(session, specs, origin.snapshot_id, now)
    parsed = [
        ParsedDag(
            spec=spec,
            version_id=versions[spec.dag_id].id,
            snapshot_id=pin_to,
            is_paused=policy.pauses(spec),
        )
        for spec in specs
    ]
    upsert_dags(session, now, parsed)
    set_next_dues(session, dues)


def _dues(session: Session, now: datetime, specs: Sequence[DagSpec]) -> dict[str, Due | None]:
    """Return when each DAG is due next, of those that are new or have another schedule.

    The others keep what is stored: counted anew in the moment in which a run is due, it would pass that run
    over.
    """
    known = {spec.dag_id: find_dag(session, spec.dag_id) for spec in specs}
    changed = [spec for spec in specs if _has_other_schedule(session, spec, known[spec.dag_id])]
    last = last_scheduled(session, [spec.dag_id for spec in changed if known[spec.dag_id]])
    return {spec.dag_id: _due(spec, last.get(spec.dag_id), now) for spec in changed}


def _has_other_schedule(session: Session, spec: DagSpec, row: DagRow | None) -> bool:
    if row is None or row.retired_at is not None:
        return True
    return _calendar(load_graph(session, row.version_id)) != _calendar(spec)


def _calendar(spec: DagSpec) -> tuple[object, ...]:
    return (spec.schedule, spec.timezone, spec.start_date, spec.end_date, spec.catchup)


def _due(spec: DagSpec, last: Due | None, now: datetime) -> Due | None:
    return next_due(
        spec.schedule,
        timezone=spec.timezone,
        start=parse_instant(spec.start_date) if spec.start_date else None,
        end=parse_instant(spec.end_date) if spec.end_date else None,
        catchup=spec.catchup,
        last=last,
        now=now,
    )


def _retire_dropped(session: Session, now: datetime, record: FileRecord, before: FileRecord | None) -> None:
    dropped = set(before.dag_ids if before else ()) - set(record.dag_ids)
    owned = owners(session, dropped)
    retire_dags(session, now, [dag_id for dag_id, file in owned.items() if file == record.path])
