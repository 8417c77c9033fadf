"""What Airflow's `DAG.test` takes, as ours takes it: files of variables and connections, tasks that count as done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from scheduler.errors import BadDag, DirigentError
from scheduler.sdk.dag import DAG
from scheduler.sdk.dag_arguments import AirflowTestArguments


class BadGivenFile(DirigentError):
    """A file of variables or connections cannot be read. The message repeats nothing of it: it may hold passwords."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The same in our words; None and empty where nothing was said."""

    logical_date: datetime | None
    variables: Mapping[str, Any]
    connections: Mapping[str, Any]
    only: Collection[str] | None


def take(dag: DAG, given: AirflowTestArguments) -> Taken:
    """Read the arguments. Raises BadDag for one that there is not, and BadGivenFile."""
    if unknown := sorted(given.keys() - AirflowTestArguments.__optional_keys__):
        raise BadDag(f"DAG.test() takes no argument {unknown[0]!r}.")
    return Taken(
        given.get("execution_date") or given.get("run_after"),
        read_values(given.get("variable_file_path")),
        read_values(given.get("conn_file_path")),
        _unmarked(dag, given.get("mark_success_pattern")),
    )


def _unmarked(dag: DAG, pattern: str | re.Pattern[str] | None) -> list[str] | None:
    """Return the tasks that run where a pattern marks others as done, None where none does."""
    return None if pattern is None else [each for each in dag.task_ids if not re.match(pattern, each)]


def read_values(path: str | None) -> Mapping[str, Any]:
    """Return what a file holds by its names: JSON, YAML, or lines such as `NAME=value`, by its ending."""
    if path is None:
        return {}
    read = _KINDS.get(Path(path).suffix)
    if read is None:
        raise BadGivenFile(f"{path} is of no known kind; give a file that ends with .json, .yaml or .env.")
    try:
        found = read(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadGivenFile(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        found = None
    if not isinstance(found, Mapping):
        raise BadGivenFile(f"{path} does not hold names with their values.")
    return found


def _lines(text: str) -> dict[str, str]:
    lines = [line.strip() for line in text.splitlines()]
    return dict(_pair(line) for line in lines if line and not line.startswith("#"))


def _pair(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals:
        raise ValueError
    return name.strip(), value.strip()


def _yaml(text: str) -> Any:
    try:
        yaml: Any = import_module("yaml")
    except ModuleNotFoundError:
        raise BadGivenFile("A .yaml file needs PyYAML, which is not installed: pip install pyyaml") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


_KINDS: Final[Mapping[str, Callable[[str], Any]]] = {
    ".json": json.loads,
    ".env": _lines,
    ".yaml": _yaml,
    ".yml": _yaml,
}
