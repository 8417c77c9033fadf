"""DAGs run in this process, from the files of the DAG folder: no server, no database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scheduler.errors import BadDag, NotFound
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.dag import DAG


class GivenVariables:
    """Answers for variables from a mapping; there are no connections."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def get_variable(self, key: str) -> str | None:
        """Return the text, or None where there is none."""
        return self._variables.get(key)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return None: no connection is known here."""
        return None


def load_dag(folder: Path, dag_id: str, variables: Mapping[str, str]) -> DAG:
    """Import files until one declares the DAG, those that name it first; others may be broken.

    Raises NotFound, or BadDag where the files that could declare it do not load.
    """
    reader = GivenVariables(variables)
    broken: dict[str, BaseException] = {}
    for file in _candidates(folder, dag_id):
        try:
            found = load_file(str(folder), file, reader)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a file of the user's raises
            broken[file] = error
            continue
        if dag_id in found:
            return found[dag_id]
    raise _not_found(dag_id, broken)


def _candidates(folder: Path, dag_id: str) -> list[str]:
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
    texts = {file: path.read_text(encoding="utf-8", errors="replace") for file, path in files.items()}
    return sorted(files, key=lambda file: (dag_id not in texts[file], file))


def _not_found(dag_id: str, broken: Mapping[str, BaseException]) -> NotFound | BadDag:
    if not broken:
        return NotFound("DAG", dag_id)
    reasons = "; ".join(f"{file}: {type(error).__name__}: {error}" for file, error in broken.items())
    return BadDag(f"There is no DAG {dag_id!r} in the files that load. These do not: {reasons}")
