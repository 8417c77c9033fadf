"""Having DAG files imported by watching children, and asked what is known here of variables and connections."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scheduler.alert_settings import addresses
from scheduler.cli.compose.environments import environments_of
from scheduler.cli.compose.isolation import environ_of_children, task_policy_of
from scheduler.cli.invocation import Invocation
from scheduler.cli.parts.parsers import LockedParser
from scheduler.compat.airflow import finder
from scheduler.errors import DirigentError, NotFound
from scheduler.operations.answers import Answers
from scheduler.parsing import Parser
from scheduler.parsing.checks import check_dag
from scheduler.parsing.contents import may_declare_dags
from scheduler.parsing.scan import ROOT, scan_folder
from scheduler.plugins.loading import load_plugins
from scheduler.plugins.secrets import Answer, secrets_first
from scheduler.runtime.supervisor.supervisor import Supervisor
from scheduler.sdk.variables import EnvironmentReader
from scheduler.store import Database
from scheduler.store.migrate import current
from scheduler.store.pools import list_pools
from scheduler.testing.checks.comments import without_allowed
from scheduler.testing.checks.findings import findings_of
from scheduler.testing.checks.rules import Finding
from scheduler.wire import Data, Job, Json, Outcome, ParsedFile

_BASE: Final = (sys.executable, "-m", "scheduler.testing.checks.process")


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one folder: its findings, by paths that count from here."""

    findings: list[Finding]
    file_count: int
    dag_count: int


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Answers of variables and connections: what was given, before what servers would know here."""

    given: Mapping[str, str]
    known: Answer

    def __call__(self, job: Job | None, verb: str, args: Data) -> Json:
        """Answer one request of a file that is imported."""
        if verb == "get_variable" and args["key"] in self.given:
            return self.given[args["key"]]
        return self.known(job, verb, args)


def check(
    invocation: Invocation, paths: Sequence[Path], variables: Mapping[str, str], limit_s: float
) -> Checked:
    """Check the DAG files at and below these paths; none: the DAG folder. Raises DirigentError."""
    folder = invocation.settings.dags_folder
    with ExitStack() as open_parts:
        db = _open_database(invocation, open_parts)
        parser = _open_parser(invocation, _knowledge(invocation, db, variables), limit_s, open_parts)
        pools = None if db is None else _pools(db)
        parts = [
            _check_folder(invocation, parser, root, files, pools)
            for root, files in files_by_root(folder, paths).items()
        ]
    return Checked(
        sorted(each for part in parts for each in part.findings),
        sum(part.file_count for part in parts),
        sum(part.dag_count for part in parts),
    )


def _open_database(invocation: Invocation, open_parts: ExitStack) -> Database | None:
    """Return the database of this project; None where there is none yet."""
    url = invocation.settings.database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return None
    db = invocation.open_database()
    open_parts.callback(db.close)
    return db if current(db) else None


def _pools(db: Database) -> set[str]:
    with db.read() as session:
        return {pool.name for pool in list_pools(session)}


def _knowledge(invocation: Invocation, db: Database | None, variables: Mapping[str, str]) -> Knowledge:
    kept = _nothing if db is None else Answers(db, invocation.cipher, invocation.clock)
    plugins = load_plugins(invocation.settings.plugins_folder, finder.install)
    return Knowledge(variables, secrets_first(plugins, EnvironmentReader(), kept))


def _open_parser(invocation: Invocation, known: Knowledge, limit_s: float, open_parts: ExitStack) -> Parser:
    """Return what imports files in watching children, with the packages of the project's lock file."""
    settings = invocation.settings
    supervisor = Supervisor(
        on_outcome=_expect_none,
        answer=known,
        clock=invocation.clock,
        environ=environ_of_children(settings, os.environ),
        pass_on=settings.pass_environ,
        policy=task_policy_of(settings),
        base_command=(*_BASE, str(limit_s)),
    )
    supervisor.start()
    open_parts.callback(supervisor.close)
    environments = environments_of(settings, os.environ)
    if environments is None:
        return supervisor
    return LockedParser(supervisor, environments, settings.dags_lock_file, invocation.clock)


def _check_folder(
    invocation: Invocation, parser: Parser, root: Path, files: Iterable[str], pools: Collection[str] | None
) -> Checked:
    parsed = [_parse(invocation, parser, root, file) for file in files]
    findings = findings_of(parsed, root, check_dag, pools, addresses(invocation.settings))
    texts = {file: (root / file).read_bytes() for file in sorted(_files_of(parsed, root))}
    prefix = _prefix(root)
    shown = [
        Finding(f"{prefix}{each.file}", each.line, each.rule, each.level, each.message)
        for each in without_allowed(findings, texts)
    ]
    return Checked(shown, len(parsed), sum(len(each.dags) for each in parsed))


def _parse(invocation: Invocation, parser: Parser, root: Path, file: str) -> ParsedFile:
    settings = invocation.settings
    return parser.parse(
        str(root),
        file,
        timeout_s=settings.parse_timeout_s,
        memory_bytes=settings.parse_memory_mb * 1_000_000,
    )


def _files_of(parsed: Iterable[ParsedFile], root: Path) -> set[str]:
    files = {path for each in parsed for path in (each.file, *each.modules)}
    return {path for path in files if path.endswith(".py") and (root / path).is_file()}


def files_by_root(folder: Path, paths: Sequence[Path]) -> dict[Path, list[str]]:
    """Return which files to import, by the folder that their imports count from.

    That is the DAG folder for what lies in it, else the given folder, or the one in which a given file lies.
    """
    found: dict[Path, set[str]] = {}
    for path in [each.resolve() for each in paths] or [folder.resolve()]:
        root = folder.resolve()
        if not path.is_relative_to(root):
            root = path if path.is_dir() else path.parent
        found.setdefault(root, set()).update(
            [str(path.relative_to(root))] if path.is_file() else _below(root, path)
        )
    return {root: sorted(files) for root, files in found.items()}


def _below(root: Path, path: Path) -> Iterator[str]:
    scan = scan_folder(root)
    if scan.unreadable:
        place, why = next(iter(scan.unreadable.items()))
        raise NotFound(
            "folder or file", str(root if place == ROOT else root / place), hint=f"Reading it says: {why}."
        )
    for file in scan.files:
        if (
            file.endswith(".py")
            and (root / file).is_relative_to(path)
            and may_declare_dags((root / file).read_bytes())
        ):
            yield file


def _prefix(root: Path) -> str:
    """Return what stands before a path below `root`, so that it counts from where the command was called."""
    here = Path.cwd().resolve()
    shown = root.relative_to(here).as_posix() if root.is_relative_to(here) else root.as_posix()
    return "" if shown == "." else f"{shown}/"


def _nothing(_job: Job | None, _verb: str, _args: Data) -> Json:
    return None


def _expect_none(_outcome: Outcome) -> None:
    raise DirigentError("A check launches no attempts.")
