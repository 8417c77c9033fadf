"""DAGs run in this process, from the files of the DAG folder: no server, no database."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from scheduler.errors import BadDag, NotFound
from scheduler.parsing.contents import may_declare_dags
from scheduler.parsing.faults import sentence
from scheduler.parsing.scan import scan_folder
from scheduler.plugins.in_children import install
from scheduler.plugins.loading import has_plugins
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.dag import DAG

#: Broken files that one sentence names.
_NAMED: Final = 3


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

    def hide(self, secret: object, name: str | None) -> None:
        """Do nothing: what is printed here is masked by nobody."""


def load_dag(folder: Path, dag_id: str, variables: Mapping[str, str], plugins: Path) -> DAG:
    """Import files until one declares the DAG, those that name it first; others may be broken.

    Plugins of the folder `plugins` are at hand.

    Raises NotFound, or BadDag where the files that could declare it do not load.
    """
    return load_dags(folder, [dag_id], variables, plugins)[0]


def load_dags(folder: Path, dag_ids: Sequence[str], variables: Mapping[str, str], plugins: Path) -> list[DAG]:
    """Return DAGs by their ids, as `load_dag` does; without an id, all that load, and all files must."""
    if has_plugins(plugins):
        install(str(plugins))
    reader = GivenVariables(variables)
    broken: dict[str, BaseException] = {}
    known: dict[str, DAG] = {}
    for file in _candidates(folder, dag_ids):
        try:
            known |= load_file(str(folder), file, reader)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a file of the user's raises
            broken[file] = error
        if dag_ids and known.keys() >= set(dag_ids):
            break
    for dag_id in dag_ids:
        if dag_id not in known:
            raise _not_found(dag_id, broken, known)
    if broken and not dag_ids:
        raise BadDag(f"Not all files load: {_named(broken)}.")
    return [known[dag_id] for dag_id in dag_ids or known]


def _candidates(folder: Path, dag_ids: Sequence[str]) -> list[str]:
    """Return the files that a server would import, those that name one of the DAGs first."""
    files = [file for file in scan_folder(folder).files if file.endswith(".py")]
    texts = {file: (folder / file).read_bytes() for file in files}
    chosen = [file for file in files if may_declare_dags(texts[file])]
    names = [dag_id.encode() for dag_id in dag_ids]
    return sorted(chosen, key=lambda file: (not any(name in texts[file] for name in names), file))


def _not_found(dag_id: str, broken: Mapping[str, BaseException], known: Collection[str]) -> NotFound | BadDag:
    if not broken:
        near = get_close_matches(dag_id, known, n=1)
        return NotFound("DAG", dag_id, hint=f"Did you mean {near[0]!r}?" if near else "")
    return BadDag(f"There is no DAG {dag_id!r} in the files that load. These do not: {_named(broken)}.")


def _named(broken: Mapping[str, BaseException]) -> str:
    reasons = [_reason(file, error) for file, error in list(broken.items())[:_NAMED]]
    more = f"; and {len(broken) - _NAMED} more" if len(broken) > _NAMED else ""
    return f"{'; '.join(reasons)}{more}"


def _reason(file: str, error: BaseException) -> str:
    lineno = error.lineno if isinstance(error, SyntaxError) else _line_of(file, error)
    line = f" line {lineno}:" if lineno else ""
    return f"{file}:{line} {type(error).__name__}: {sentence(file, str(error)).rstrip('.')}"


def _line_of(file: str, error: BaseException) -> int | None:
    frames = traceback.extract_tb(error.__traceback__)
    return next((each.lineno for each in reversed(frames) if each.filename.endswith(f"/{file}")), None)
