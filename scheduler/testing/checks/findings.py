"""What a child told of a file, as findings; and what only shows over all files."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from scheduler.errors import DirigentError
from scheduler.testing.checks.rules import RULES, Finding, Level, found
from scheduler.wire import DagSpec, ErrorInfo, ParsedFile

_WARNING: Final = re.compile(r"(?P<place>.+?):(?P<line>\d+): (?P<kind>[\w-]+): (?P<text>.*)", re.DOTALL)
_DEPRECATED: Final = frozenset(
    {"OldForm", "DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"}
)
_OF_ERROR: Final = {"DagCycle": "cycle", "DuplicateDag": "duplicate-dag"} | dict.fromkeys(
    ("BadDag", "BadId", "BadName", "BadSchedule", "BadParams", "DuplicateTask", "NaiveDate", "BadMapping"),
    "bad-dag",
)
#: What may only be missing here, where nobody can be asked that keeps variables and connections.
_OF_STORE: Final = frozenset({"missing-variable", "missing-connection"})


def findings_of(
    parsed: Sequence[ParsedFile],
    root: Path,
    check: Callable[[DagSpec], None],
    pools: Collection[str] | None,
    channels: Collection[str],
) -> list[Finding]:
    """Return the findings of all files in order, each once.

    `check` raises what is wrong with a graph; `pools` are those that exist, None where nobody here can tell;
    `channels` are those that the settings name here.
    """
    seen = set(_of_all(parsed))
    for file in parsed:
        seen.update(_of_warnings(file, root, is_store_known=pools is not None))
        seen.update(_of_error(file))
        seen.update(_of_graphs(file, check))
        seen.update(_of_plans(file))
        seen.update(_of_pools(file, pools) if pools is not None else ())
        seen.update(_of_channels(file, channels))
    return sorted(seen)


def _of_warnings(parsed: ParsedFile, root: Path, *, is_store_known: bool) -> Iterator[Finding]:
    for text in parsed.warnings:
        match = _WARNING.fullmatch(text)
        if match is None or not (root / match["place"]).is_file():
            continue  # a library's own business
        kind, file, line = match["kind"], match["place"], int(match["line"])
        rule = kind if kind in RULES else "deprecated" if kind in _DEPRECATED else "import-warning"
        if rule in _OF_STORE and not is_store_known:
            message = f"{match['text']} There is no database here in which it could be."
            yield found(file, line, rule, message, Level.WARNING)
        else:
            yield found(file, line, rule, match["text"])


def _of_error(parsed: ParsedFile) -> Iterator[Finding]:
    if error := parsed.error:
        yield found(
            parsed.file, parsed.error_lineno, _OF_ERROR.get(error.type, "import-error"), _words(error)
        )


def _words(error: ErrorInfo) -> str:
    if error.type in _OF_ERROR or not error.type or error.type == "ImportEnded":
        return error.message
    return f"{error.type}: {error.message}" if error.message else error.type


def _of_plans(parsed: ParsedFile) -> Iterator[Finding]:
    """A timetable of the author's own that could not be asked."""
    for plan in parsed.plans:
        if plan.error:
            message = f"The timetable of DAG {plan.dag_id!r} cannot be asked: {plan.error}"
            yield found(parsed.file, 1, "bad-dag", message)


def _of_graphs(parsed: ParsedFile, check: Callable[[DagSpec], None]) -> Iterator[Finding]:
    for dag in parsed.dags:
        try:
            check(dag)
        except DirigentError as error:
            yield found(parsed.file, 1, _OF_ERROR.get(type(error).__name__, "bad-dag"), str(error))


def _of_pools(parsed: ParsedFile, pools: Collection[str]) -> Iterator[Finding]:
    for dag in parsed.dags:
        for task in dag.tasks:
            if task.pool not in pools:
                yield found(
                    parsed.file,
                    1,
                    "missing-pool",
                    f"Task {task.task_id!r} of DAG {dag.dag_id!r} would wait for ever: there is no pool {task.pool!r}. "
                    f"Make it: `dirigent pools set {task.pool} SLOTS`.",
                )


def _of_channels(parsed: ParsedFile, channels: Collection[str]) -> Iterator[Finding]:
    """Alerts that would be told to nobody; a warning, as the settings of servers may name more."""
    known = ", ".join(sorted(channels)) or "none"
    for dag in parsed.dags:
        for rule in dag.alerts:
            to = rule.get("to", ())
            for name in sorted({to} if isinstance(to, str) else {*map(str, to)}):
                if name not in channels:
                    yield found(
                        parsed.file,
                        1,
                        "missing-channel",
                        f"An alert of DAG {dag.dag_id!r} goes to {name!r}, no channel here; there are {known}. "
                        "Name it under [channels] in dirigent.toml, or correct it.",
                    )


def _of_all(parsed: Sequence[ParsedFile]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for file in parsed:
        for dag in file.dags:
            if dag.dag_id in first:
                message = f"DAG {dag.dag_id!r} is declared in {first[dag.dag_id]}, too. Rename one of them."
                yield found(file.file, 1, "duplicate-dag", message)
            first.setdefault(dag.dag_id, file.file)


def counts(findings: Sequence[Finding]) -> Mapping[Level, int]:
    """Return how many findings there are of each level."""
    return {level: sum(each.level is level for each in findings) for level in Level}
