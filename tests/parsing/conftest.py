"""A DAG folder, plain or of a git repository, with a real database and real children."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from scheduler.clock import SystemClock
from scheduler.git_address import read_address
from scheduler.operations.trigger import trigger_run
from scheduler.parsing import DagFolder
from scheduler.parsing.git_folder import GitFolder
from scheduler.parsing.git_remote import Remote
from scheduler.parsing.places import PlainFolder
from scheduler.parsing.register import Policy
from scheduler.runtime.supervisor import Supervisor
from scheduler.store import Database
from scheduler.store.bundles import find_bundle
from scheduler.store.dag_files import FileRecord, load_files
from scheduler.store.dags import DagRow, find_dag, list_dags
from scheduler.store.engine import Transact
from scheduler.store.versions import VersionRef, list_versions
from scheduler.store.views.runs import find_run
from scheduler.wire import Job
from tests.repository import Repository

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
VARIABLES: dict[str, str] = {}
#: The newest scheduled run of each DAG, as a parse is told of it.
LAST: dict[str, dict[str, str]] = {}


def answer(_job: Job | None, verb: str, args: dict[str, Any]) -> Any:
    if verb == "last_scheduled":
        return LAST.get(args["dag_id"])
    assert verb == "get_variable"
    return VARIABLES.get(args["key"])


@pytest.fixture(scope="session")
def parser() -> Iterator[Supervisor]:
    """A supervisor with real children, one for all tests."""
    supervisor = Supervisor(
        on_outcome=lambda _outcome: None, answer=answer, clock=SystemClock(), environ=os.environ
    )
    supervisor.start()
    yield supervisor
    supervisor.close()


class Yard:
    """A DAG folder that a test writes to and sweeps. Each sweep is a minute after the one before."""

    def __init__(self, db: Database, parser: Supervisor, folder: Path) -> None:
        self.db = db
        self.parser = parser
        self.home = folder / "home"
        self.root = folder / "dags"
        self.root.mkdir()
        self.now = NOW
        self.folder = self.new_folder()

    def new_folder(
        self, *, transact: Transact | None = None, timeout_s: float = 30.0, **policy: Any
    ) -> DagFolder:
        return DagFolder(
            db=self.db,
            parser=self.parser,
            place=PlainFolder(self.root),
            home=self.home,
            clock=SystemClock(),
            policy=Policy(**policy),
            timeout_s=timeout_s,
            memory_bytes=512_000_000,
            transact=transact,
        )

    def write(self, path: str, source: str | bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(source if isinstance(source, bytes) else dedent(source).encode())

    def write_dag(
        self, path: str, dag_id: str, *, body: str = "return 1", head: str = "", **arguments: str
    ) -> None:
        """Write a DAG of one task; `arguments` are Python source."""
        given = "".join(f", {name}={source}" for name, source in arguments.items())
        source = f"import datetime\nfrom scheduler import DAG, task, Param, Variable\n{head}\n"
        source += f"with DAG({dag_id!r}{given}):\n    @task\n    def work():\n        {body}\n    work()\n"
        self.write(path, source)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def sweep(self) -> int:
        self.now += timedelta(minutes=1)
        return self.folder.sweep(self.now)

    def dag(self, dag_id: str) -> DagRow:
        with self.db.read() as session:
            found = find_dag(session, dag_id)
        assert found is not None
        return found

    def dag_ids(self) -> list[str]:
        with self.db.read() as session:
            return [row.dag_id for row in list_dags(session)]

    def versions(self, dag_id: str) -> list[VersionRef]:
        with self.db.read() as session:
            return list_versions(session, dag_id)

    def records(self) -> dict[str, FileRecord]:
        with self.db.read() as session:
            return load_files(session)

    def error(self, path: str) -> str:
        """Return an import error as "type: message", "" where there is none."""
        error = self.records()[path].error
        return f"{error.type}: {error.message}" if error else ""


@pytest.fixture
def yard(db: Database, parser: Supervisor, tmp_path: Path) -> Iterator[Yard]:
    """A DAG folder on each kind of database."""
    made = Yard(db, parser, tmp_path)
    yield made
    made.folder.close()


@pytest.fixture
def lite_yard(migrated_sqlite_db: Database, parser: Supervisor, tmp_path: Path) -> Iterator[Yard]:
    """A DAG folder on SQLite, where the database does not matter."""
    made = Yard(migrated_sqlite_db, parser, tmp_path)
    yield made
    made.folder.close()


class Works(Yard):
    """A DAG folder fetched from a repository; each sweep fetches before, a minute after the one before."""

    def __init__(self, db, parser, folder, repository):
        self.repository = repository
        self.options = {}
        super().__init__(db, parser, folder)

    def new_folder(self, **_policy):
        self.place = self.new_place(**self.options)
        return DagFolder(
            db=self.db, parser=self.parser, place=self.place, home=self.home, clock=SystemClock()
        )

    def new_place(self, *, refresh_s=0.0, environ=None, **remote):
        address = read_address(remote.pop("url", self.repository.url))
        return GitFolder(
            db=self.db,
            remote=Remote(address=address, **remote),
            home=self.home,
            clock=SystemClock(),
            environ=environ or os.environ,
            refresh_s=refresh_s,
        )

    def reopen(self, **options):
        """Begin again, as a server that was restarted with these settings."""
        self.folder.close()
        self.options = options
        self.folder = self.new_folder()

    def fetch(self):
        self.now += timedelta(minutes=1)
        return self.place.refresh(self.now)

    def sweep(self):
        self.fetch()
        return self.folder.sweep(self.now)

    @property
    def bundle(self):
        with self.db.read() as session:
            return find_bundle(session)

    def trigger(self, dag_id):
        return self.db.transact(lambda session: trigger_run(session, self.now, dag_id, actor="test"))

    def run(self, ref):
        with self.db.read() as session:
            return find_run(session, ref.dag_id, ref.run_id)

    def fault(self):
        record = self.records().get(".")
        return record.error.message if record and record.error else ""

    def warnings(self):
        record = self.records().get(".")
        return "\n".join(record.warnings) if record else ""

    def texts(self):
        """Return what the commit in force holds, by path."""
        root = self.place.checkout().root
        return {
            path.relative_to(root).as_posix(): path.read_text()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "shop")


@pytest.fixture
def works(migrated_sqlite_db, parser, tmp_path, repository):
    made = Works(migrated_sqlite_db, parser, tmp_path, repository)
    yield made
    made.folder.close()


@pytest.fixture
def works_on_both(db, parser, tmp_path, repository):
    made = Works(db, parser, tmp_path, repository)
    yield made
    made.folder.close()
