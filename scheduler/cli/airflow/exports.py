"""Files that Airflow exports: `airflow variables export`, `connections export`, `pools export`, `dags list -o json`."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from scheduler.cli.airflow.entries import Data, read_connection, read_pool, read_stand, read_text
from scheduler.errors import BadExport, DirigentError
from scheduler.operations.takeover import Goods, Step
from scheduler.wire import Json

T = TypeVar("T")


def read_exports(
    *,
    variables: Path | None = None,
    connections: Path | None = None,
    pools: Path | None = None,
    dags: Path | None = None,
    runs: Iterable[Path] = (),
) -> Goods:
    """Read what is given. Raises BadExport for a file that holds something else; entries are refused one by one."""
    refused: list[Step] = []
    return Goods(
        variables=_each("variable", _object(variables), read_text, refused),
        connections=_each("connection", _object(connections), read_connection, refused),
        pools=_each("pool", _object(pools), read_pool, refused),
        dags=_each("dag", _dags(dags, runs), lambda _, told: read_stand(*told), refused),
        refused=tuple(refused),
    )


def _each(
    kind: str, entries: Mapping[str, Any], read: Callable[[str, Any], T], refused: list[Step]
) -> tuple[T, ...]:
    found: list[T] = []
    for name, value in entries.items():
        try:
            found.append(read(name, value))
        except DirigentError as error:
            refused.append(Step(kind, name, "leave out", str(error)))
    return tuple(found)


def _dags(dags: Path | None, runs: Iterable[Path]) -> dict[str, tuple[Data, list[Data]]]:
    by_dag: defaultdict[str, list[Data]] = defaultdict(list)
    for path in runs:
        for run in _list(path):
            by_dag[run["dag_id"]].append(run)
    told = {each["dag_id"]: each for each in (_list(dags) if dags else ())}
    names = sorted(told.keys() | by_dag.keys())
    return {dag_id: (told.get(dag_id, {"dag_id": dag_id}), by_dag[dag_id]) for dag_id in names}


def _object(path: Path | None) -> dict[str, Any]:
    data = _json(path) if path else {}
    if not isinstance(data, dict):
        raise BadExport(f"{path} holds no object of names and values, as Airflow's export does.")
    return data


def _list(path: Path) -> list[dict[str, Any]]:
    data = _json(path, _after_warnings)
    if not isinstance(data, list) or not all(
        isinstance(each, dict) and isinstance(each.get("dag_id"), str) for each in data
    ):
        raise BadExport(f"{path} holds no list of objects with a dag_id, as `-o json` prints it.")
    return data


def _after_warnings(text: str) -> str:
    """Return what follows the lines that Airflow's command line prints before its answer."""
    found = re.search(r"^\[\s*[\]{]", text, re.MULTILINE)
    return text[found.start() :] if found else text


def _json(path: Path, prepare: Callable[[str], str] = str) -> Json:
    try:
        return json.loads(prepare(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadExport(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadExport(
            f"{path} is not JSON{where}; export it from Airflow to a file that ends in .json."
        ) from None
