"""The code of a DAG: any version of it, which runs used which, and what changed between two."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.security.rights import Right
from scheduler.store import dag_files
from scheduler.store.engine import Session
from scheduler.store.snapshots import Manifest, load_manifest
from scheduler.store.versions import VersionRef, list_versions
from scheduler.store.views import dags
from scheduler.store.views.version_uses import find_numbered, uses_of_versions
from webui import differences
from webui.context import reading, spec_of
from webui.fragments import page
from webui.numbers import number
from webui.pages.dag import dag_head
from webui.rights import needs

blueprint = Blueprint("code", __name__, url_prefix="/dags/<dag_id>/code")

#: Changed files of the folder that are named.
_FILES = 50


@blueprint.get("")
@needs(Right.DAG_CODE)
def show(dag_id: str) -> Response:
    """Show the file as a version has it, the one in force where none is named."""
    head = dag_head(dag_id)
    with reading() as session:
        versions = list_versions(session, dag_id)
        shown = _chosen(session, dag_id, "version") or head["version"]
        model = {
            "shown": shown,
            "versions": versions,
            "uses": uses_of_versions(session, dag_id),
            "source": dags.load_source(session, shown.snapshot_id, spec_of(session, shown.id).file),
        }
    return page("dag_code.html", tab="code", **{**head, **model})


@blueprint.get("/diff")
@needs(Right.DAG_CODE)
def compare(dag_id: str) -> Response:
    """Show what changed from one version to another: of the file, of other files beside it, of the tasks."""
    head = dag_head(dag_id)
    with reading() as session:
        versions = list_versions(session, dag_id)
        after = _chosen(session, dag_id, "to") or head["version"]
        before = _chosen(session, dag_id, "from") or _before(versions, after)
        old, new = spec_of(session, before.id), spec_of(session, after.id)
        files = _changed_files(session, before, after, new.file)
        file = next((name for name in files if name == request.args.get("file")), new.file)
        texts = _text(session, before, file), _text(session, after, file)
    model = {
        "before": before,
        "after": after,
        "versions": versions,
        "file": file,
        "files": files,
        "lines": differences.changed_lines(*texts),
        "is_long": max(text.count("\n") for text in texts) > differences.MOST_LINES,
        "tasks": differences.changed_tasks(old, new),
        "view": "unified" if request.args.get("view") == "unified" else "split",
    }
    return page("dag_diff.html", tab="code", **{**head, **model})


def _chosen(session: Session, dag_id: str, name: str) -> VersionRef | None:
    wanted = request.args.get(name, type=number)
    return find_numbered(session, dag_id, wanted) if wanted is not None else None


def _before(versions: list[VersionRef], after: VersionRef) -> VersionRef:
    """Return the version before one; the first has none but itself."""
    return next((each for each in versions if each.number < after.number), after)


def _text(session: Session, version: VersionRef, file: str) -> str:
    """Return a file of a version; nothing where it has none of that name."""
    if file not in load_manifest(session, version.snapshot_id):
        return ""
    return dags.load_source(session, version.snapshot_id, file)


def _changed_files(session: Session, before: VersionRef, after: VersionRef, file: str) -> list[str]:
    """Return which files that the DAG is made of differ. Those of other DAGs beside it are not shown."""
    record = dag_files.load_files(session).get(file)
    own = {file, *(record.files if record else ())}
    old, new = (load_manifest(session, each.snapshot_id) for each in (before, after))
    differ = {name for name in own & {*old, *new} if _hash(old, name) != _hash(new, name)}
    return sorted(differ)[:_FILES]


def _hash(manifest: Manifest, name: str) -> str:
    return manifest[name].hash if name in manifest else ""
