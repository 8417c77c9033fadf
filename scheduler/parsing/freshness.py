"""Whether what the last parse of a file depended on is still as it was."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from scheduler.store.connections import list_connections
from scheduler.store.dag_files import FileRecord
from scheduler.store.engine import Session
from scheduler.store.snapshots import Manifest
from scheduler.store.variables import list_variables
from scheduler.wire import WIRE_VERSION

#: Raised when parsing comes to give other results for the same file, so that an upgrade parses all files
#: again.
PARSER_VERSION: Final = 1
#: How a connection is named among the variables that a file read.
_CONNECTION: Final = "conn:"
#: A dependency that ends so is a folder whose names were listed.
FOLDER_SIGN: Final = "/"
#: How what the environment provides is named among the revisions.
_ENVIRONMENT: Final = "env:"
_PROVIDED: Final = re.compile(r"(?:DIRIGENT|AIRFLOW)_((?:VAR|CONN)_.+)", re.DOTALL)


def provided_by(environ: Mapping[str, str], since: datetime) -> dict[str, str]:
    """Return the variables and connections that an environment holds, which may be others after a restart.

    The instant stands for their texts: even the hash of one would tell something of a secret.
    """
    found = [match[1] for name in environ if (match := _PROVIDED.fullmatch(name))]
    return {f"{_ENVIRONMENT}{name}": since.isoformat() for name in found}


def load_revisions(session: Session) -> dict[str, str]:
    """Return what changes whenever a variable or connection is written, by the name that parses record."""
    found = {each.key: each.updated_at.isoformat() for each in list_variables(session)}
    return found | {
        f"{_CONNECTION}{each.conn_id}": each.updated_at.isoformat() for each in list_connections(session)
    }


def revision_of(name: str, revisions: Mapping[str, str]) -> str | None:
    """Return the revision of what a parse read under this name: the environment comes before the tables."""
    is_connection = name.startswith(_CONNECTION)
    provided = f"CONN_{name.removeprefix(_CONNECTION)}" if is_connection else f"VAR_{name}"
    return revisions.get(f"{_ENVIRONMENT}{provided.upper()}") or revisions.get(name)


def content_of(path: str, manifest: Manifest) -> str:
    """Return the hash of a file, or of the names in a folder; "" where it does not exist."""
    if path.endswith(FOLDER_SIGN):
        return _names_in(path.lstrip(FOLDER_SIGN), manifest)
    entry = manifest.get(path)
    return entry.hash if entry else ""


def fingerprint(files: Mapping[str, str], variables: Mapping[str, str | None]) -> str:
    """Return one hash of all that a parse depended on, this program included."""
    text = json.dumps([PARSER_VERSION, WIRE_VERSION, sorted(files.items()), sorted(variables.items())])
    return hashlib.sha256(text.encode()).hexdigest()


def is_fresh(record: FileRecord, manifest: Manifest, revisions: Mapping[str, str]) -> bool:
    """Tell whether parsing the file again would find nothing new."""
    return (
        all(content_of(path, manifest) == content for path, content in record.files.items())
        and all(revision_of(name, revisions) == revision for name, revision in record.variables.items())
        and record.fingerprint == fingerprint(record.files, record.variables)
    )


def _names_in(folder: str, manifest: Manifest) -> str:
    names = {path[len(folder) :].partition("/")[0] for path in manifest if path.startswith(folder)}
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
