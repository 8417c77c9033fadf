"""A folder with DAGs, a home of its own, and the servers that tests and benchmarks start on it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from textwrap import dedent

from scheduler.clock import SystemClock
from scheduler.operations.trigger import trigger_run
from scheduler.store import Database
from scheduler.wire import Json
from tests.integration.processes import DIRIGENT, Process, clean_environment, described, marked
from tests.integration.record import Record, Run
from tests.integration.waiting import eventually


class Project:
    """Everything a test needs of one installation. Use it inside `project(...)`, which leaves nothing running."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        self.dags = folder / "dags"
        self.home = folder / "home"
        self.dags.mkdir(parents=True)
        self.mark = f"HOME={folder}"
        self.environ = clean_environment() | {
            "HOME": str(folder),
            "DIRIGENT_HOME": str(self.home),
            "DIRIGENT_PORT": "0",
            **settings,
        }
        self.servers: list[Process] = []
        self._database_url = settings.get("DIRIGENT_DATABASE_URL", f"sqlite:///{self.home / 'dirigent.db'}")
        self._db: Database | None = None

    @property
    def db(self) -> Database:
        """The database, as another process sees it."""
        if self._db is None:
            self._db = Database(self._database_url)
        return self._db

    @property
    def record(self) -> Record:
        """What the database knows."""
        return Record(self.db, self.home / "logs")

    def with_tables(self, file: Path) -> Project:
        """Put a copy of an SQLite file with all tables into the home: no server need make them."""
        self.home.mkdir(mode=0o700)
        copyfile(file, self.home / "dirigent.db")
        (self.home / "dirigent.db").chmod(0o600)
        return self

    def write(self, name: str, text: str) -> Path:
        """Write a file into the DAG folder, at once and as a whole."""
        target = self.dags / name
        draft = self.folder / f"{target.name}.draft"
        draft.write_text(dedent(text))
        return draft.replace(target)

    def launch(self, *words: str, before: Sequence[str] = (), **environ: str) -> Process:
        """Start a server; it may not be up yet. `before` is a program that runs it."""
        output = self.folder / f"{words[0]}-{len(self.servers)}.log"
        server = Process([*before, *DIRIGENT, *words], self.folder, self.environ | environ, output)
        self.servers.append(server)
        return server

    def start(self, *words: str, before: Sequence[str] = (), **environ: str) -> Process:
        """Start a server (`up` unless said otherwise) and wait until it is up."""
        return self.launch(*(words or ("up",)), before=before, **environ).wait_for(" is up")

    def dirigent(
        self, *words: str, before: Sequence[str] = (), **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Call a command that ends by itself; `before` is a program that runs it."""
        return subprocess.run(
            [*before, *DIRIGENT, *words],
            cwd=self.folder,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def trigger(self, dag_id: str, conf: dict[str, Json] | None = None, *, run_id: str | None = None) -> Run:
        """Trigger a DAG from this process, as soon as it is known."""
        eventually(lambda: self.record.dag(dag_id), told=self.told)
        now = SystemClock().now()
        ref = self.db.transact(
            lambda session: trigger_run(session, now, dag_id, conf=conf, run_id=run_id, actor="test")
        )
        return Run(self.record, ref.run_pk, ref.run_id, self.told)

    def told(self) -> str:
        """Return what all servers printed."""
        return "\n".join(server.output[-6000:] for server in self.servers)

    def close(self) -> None:
        """Stop every server and wait until nothing of them is left; fail where something stays, and end it."""
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.stop()
        if self._db is not None:
            self._db.close()
        try:
            eventually(lambda: not marked(self.mark))
        except AssertionError:
            left = marked(self.mark)
            words = described(left)
            for process in left:
                process.kill()
            raise AssertionError(f"left running:\n{words}\n{self.told()}") from None


@contextmanager
def project(folder: Path, **settings: str) -> Iterator[Project]:
    """Give a project with these `DIRIGENT_*` settings (named without the prefix, in small letters)."""
    named = {f"DIRIGENT_{name.upper()}": value for name, value in settings.items()}
    made = Project(folder, named)
    try:
        yield made
    finally:
        made.close()
