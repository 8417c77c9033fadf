"""Writing what parses found: versions, DAGs, when they are due, the records of the files.

Set-based, since files that were parsed at once share a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from scheduler.alert_rules import rules_of_dag
from scheduler.core.meanings import as_meant
from scheduler.core.timetables import Due, following
from scheduler.errors import DirigentError, DuplicateDag, NewerForm
from scheduler.parsing.broken import broken_files
from scheduler.parsing.checks import check_dag
from scheduler.parsing.faults import sentence
from scheduler.parsing.freshness import content_of, fingerprint, revision_of
from scheduler.parsing.plans import PlannedDag, plans_of
from scheduler.store.alerts import Subject, keep_days
from scheduler.store.asset_watches import put_watchers
from scheduler.store.assets import put_uses
from scheduler.store.dag_files import FileRecord, ImportFault, save_files
from scheduler.store.dags import ParsedDag, get_dag, owners, retire_dags, set_next_dues, upsert_dags
from scheduler.store.engine import Session
from scheduler.store.events import append
from scheduler.store.origins import DagOrigin, load_origins
from scheduler.store.schedules import last_scheduled
from scheduler.store.setting_aside import set_dag_aside
from scheduler.store.snapshots import Manifest
from scheduler.store.transaction import request_wake
from scheduler.store.versions import VersionRef, load_graph, store_versions
from scheduler.wire import DagSpec, ParsedFile

#: Characters of an import error's message that are kept.
_MESSAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file was parsed from: the snapshot, and the variables and connections as they stood before."""

    snapshot_id: int
    manifest: Manifest
    revisions: Mapping[str, str]
    bundle_version: str | None = None  #: the commit that the snapshot was taken from


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings say of new DAGs, and what files read of the server's environment (`freshness.provided_by`)."""

    is_paused: bool = False
    provided: Mapping[str, str] = field(default_factory=dict)

    def pauses(self, spec: DagSpec, origin: DagOrigin | None = None) -> bool:
        """Tell whether a new DAG arrives paused: one that an Airflow may be running does, unless it was taken over."""
        if origin is not None and origin.is_paused is not None:
            return origin.is_paused
        if spec.is_paused_upon_creation is not None:
            return spec.is_paused_upon_creation
        return self.is_paused or spec.compat == "airflow"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one parse found.

    `before`: the record of the parse before it. New runs are pinned to the snapshot `pin_to`, in which all
    that the parse depended on stands as in its origin: the origin's own, or a later one.
    """

    parsed: ParsedFile
    origin: Origin
    before: FileRecord | None
    pin_to: Origin


def register(
    session: Session,
    now: datetime,
    findings: Sequence[Finding],
    policy: Policy,
    refused: Mapping[str, frozenset[str]],
) -> list[FileRecord]:
    """Write what files declare, or why they cannot be imported, and return their records.

    DAGs that a file declared before and no longer does are retired. An error leaves them all as they were.
    `refused`: what files declare that were refused before, because other files had it.
    """
    owned = owners(session, [spec.dag_id for each in findings for spec in each.parsed.dags])
    newest = {
        **refused,
        **{each.parsed.file: declared(each.parsed) for each in findings if not each.parsed.error},
    }
    # Who no longer declares a DAG does not keep it from the file that it has moved to.
    owned = {dag_id: file for dag_id, file in owned.items() if dag_id in newest.get(file, {dag_id})}
    meanings = _meanings(session, findings)
    records = [
        _judge(each, owned, meanings, now) for each in sorted(findings, key=lambda each: each.parsed.file)
    ]
    good = [finding for finding, record in records if record.error is None]
    _store(session, now, good, policy)
    _retire_dropped(session, now, [(finding, record) for finding, record in records if record.error is None])
    append(session, broken_files(now, [(finding.before, record) for finding, record in records]))
    save_files(session, [record for _, record in records])
    request_wake(session)
    return [record for _, record in records]


def declared(parsed: ParsedFile) -> frozenset[str]:
    """Return the ids of the DAGs in a file."""
    return frozenset(spec.dag_id for spec in parsed.dags)


def _meanings(session: Session, findings: Sequence[Finding]) -> dict[str, str | None]:
    """Return what was said of ambiguous schedules."""
    asked = [spec.dag_id for each in findings for spec in each.parsed.dags if spec.schedule.meaning]
    return {dag_id: each.schedule_meaning for dag_id, each in load_origins(session, asked).items()}


def _judge(
    finding: Finding, owned: dict[str, str], meanings: Mapping[str, str | None], now: datetime
) -> tuple[Finding, FileRecord]:
    """Say whether a file is taken; its DAGs belong to it from then on."""
    parsed = finding.parsed
    meant = [as_meant(spec, meanings.get(spec.dag_id)) for spec in parsed.dags]
    dags = tuple(_settled(spec, parsed.file) for spec in meant)
    finding = replace(finding, parsed=replace(parsed, dags=dags))
    fault = _fault(parsed) or _refusal(finding, owned)
    if fault is None:
        owned.update((spec.dag_id, parsed.file) for spec in dags)
    return finding, _record(finding, now, fault)


def _settled(spec: DagSpec, file: str) -> DagSpec:
    """Set what does not lie with the author: `continuous` means that a run begins when the last one has ended."""
    most = 1 if spec.schedule.kind == "continuous" else spec.max_active_runs
    return replace(spec, file=file, max_active_runs=most)


def _fault(parsed: ParsedFile) -> ImportFault | None:
    error = parsed.error
    if error is None:
        return None
    message = error.message if parsed.error_lineno is None else sentence(parsed.file, error.message)
    return ImportFault(
        type=_storable(error.type, 200),
        message=_storable(message, _MESSAGE),
        lineno=parsed.error_lineno,
        traceback=_storable(error.traceback, 100_000),
    )


def _storable(text: str, limit: int) -> str:
    """Cut a text of user code short, and replace what PostgreSQL cannot hold: NUL and lone surrogates."""
    return text[:limit].encode(errors="replace").decode().replace("\0", "\ufffd")


def _refusal(finding: Finding, owned: Mapping[str, str]) -> ImportFault | None:
    """Say why what the file declares cannot be taken, None where it can."""
    try:
        for spec in finding.parsed.dags:
            check_dag(spec)
            _check_owner(spec, finding.origin.manifest, owned)
        plans_of(finding.parsed)
    except (DirigentError, ValueError, TypeError, ArithmeticError) as error:
        return ImportFault(type=type(error).__name__, message=_storable(str(error), _MESSAGE))
    return None


def _check_owner(spec: DagSpec, manifest: Manifest, owned: Mapping[str, str]) -> None:
    """A DAG belongs to the file that declared it first, for as long as that file exists."""
    owner = owned.get(spec.dag_id)
    if owner not in (None, spec.file) and owner in manifest:
        raise DuplicateDag(spec.dag_id, owner, spec.file)


def _record(finding: Finding, now: datetime, fault: ImportFault | None) -> FileRecord:
    parsed, origin = finding.parsed, finding.origin
    paths = {parsed.file, *parsed.modules, *parsed.opened}
    files = {path: content_of(path, origin.manifest) for path in sorted(paths)}
    variables = {name: revision_of(name, origin.revisions) for name in parsed.variables}
    still_in_force = finding.before.dag_ids if finding.before else ()
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


def _store(session: Session, now: datetime, findings: Sequence[Finding], policy: Policy) -> None:
    plans = {dag_id: plan for each in findings for dag_id, plan in plans_of(each.parsed).items()}
    dues = _dues(session, now, [spec for each in findings for spec in each.parsed.dags], plans)
    versions = _versions(session, now, findings)
    origins = load_origins(session, dues.keys())
    parsed = [
        ParsedDag(
            spec=spec,
            version_id=versions[spec.dag_id].id,
            snapshot_id=finding.pin_to.snapshot_id,
            bundle_version=finding.pin_to.bundle_version,
            is_paused=policy.pauses(spec, origins.get(spec.dag_id)),
            planned=plans[spec.dag_id].dues if spec.dag_id in plans else None,
            replan_at=plans[spec.dag_id].asked_again_at(now) if spec.dag_id in plans else None,
        )
        for finding in findings
        for spec in finding.parsed.dags
    ]
    upsert_dags(session, now, parsed)
    set_next_dues(session, dues)
    for dag_id, plan in plans.items():
        if plan.reason:
            set_dag_aside(session, now, dag_id, plan.reason)
    put_uses(session, now, [each.spec for each in parsed])
    put_watchers(session, [each.spec for each in parsed])
    for each in parsed:
        _watch_days(session, now, each.spec)


def _watch_days(session: Session, now: datetime, spec: DagSpec) -> None:
    """Have the alert rules of a DAG that name a time of day judged at it."""
    rules = rules_of_dag(spec.alerts, spec.dag_id)
    if any(rule.by for rule in rules):
        keep_days(session, now, Subject(spec.dag_id, spec.dag_id), rules)


def _versions(session: Session, now: datetime, findings: Sequence[Finding]) -> dict[str, VersionRef]:
    """Store the versions; each carries the snapshot that it was parsed from."""
    specs: defaultdict[int, list[DagSpec]] = defaultdict(list)
    for finding in findings:
        specs[finding.origin.snapshot_id] += finding.parsed.dags
    versions: dict[str, VersionRef] = {}
    for snapshot_id, group in specs.items():
        versions |= store_versions(session, group, snapshot_id, now)
    return versions


def _dues(
    session: Session, now: datetime, specs: Sequence[DagSpec], plans: Mapping[str, PlannedDag]
) -> dict[str, Due | None]:
    """Return when each DAG is due next, of those that are new or have another schedule, or could not be planned.

    The others keep what is stored: counted anew in the moment in which a run is due, it would pass that run
    over.
    """
    in_force = owners(session, [spec.dag_id for spec in specs])
    failed = {dag_id for dag_id, plan in plans.items() if plan.reason}
    kept = in_force.keys() - failed
    changed = [spec for spec in specs if spec.dag_id not in kept or _has_other_schedule(session, spec)]
    last = last_scheduled(session, [spec.dag_id for spec in changed])
    planned = {dag_id: plan.dues for dag_id, plan in plans.items()}
    return {
        spec.dag_id: following(spec, last.get(spec.dag_id), now, planned.get(spec.dag_id, ()))
        for spec in changed
    }


def _has_other_schedule(session: Session, spec: DagSpec) -> bool:
    dag = get_dag(session, spec.dag_id)
    if spec.schedule.kind == "own" and dag.next_run_at is None:
        return True
    try:
        graph = load_graph(session, dag.version_id)
    except NewerForm:  # a newer scheduler led before this one
        return True
    return _calendar(graph) != _calendar(spec)


def _calendar(spec: DagSpec) -> tuple[object, ...]:
    code = spec.code_hash if spec.schedule.kind == "own" else ""
    rhythm = replace(spec.schedule, assets=None, partitions=None)
    return (rhythm, spec.timezone, spec.start_date, spec.end_date, spec.catchup, code)


def _retire_dropped(session: Session, now: datetime, taken: Sequence[tuple[Finding, FileRecord]]) -> None:
    """Retire what files declared before and no longer do, unless another file declares it now."""
    dropped = {
        (dag_id, record.path)
        for finding, record in taken
        for dag_id in set(finding.before.dag_ids if finding.before else ()) - set(record.dag_ids)
    }
    owned = owners(session, [dag_id for dag_id, _ in dropped])
    retire_dags(session, now, [dag_id for dag_id, file in owned.items() if (dag_id, file) in dropped])
