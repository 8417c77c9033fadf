"""Apache Airflow under the same flows, where it is installed: its servers on a folder and a database of their own.

It runs with its defaults, but for what this needs: ports, secrets, no example DAGs, new DAGs unpaused.
What the environment says in `AIRFLOW__*` stands above that, and is printed: so a tuned one is measured too.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import sqlalchemy as sa

from benchmarks.server import RUN_POLL_S, Done, cpu_s, tree, wait_until, watching_memory
from tests.integration.processes import Process
from tests.services.server import free_port

#: Of the names that the measured files import, where Airflow 3 has them.
_IMPORTS: Final = {
    "from scheduler import DAG, PythonOperator, chain": "from airflow.sdk import DAG, chain\n"
    "from airflow.providers.standard.operators.python import PythonOperator"
}
_RUN: Final = sa.text("SELECT * FROM dag_run WHERE dag_id = :dag_id AND run_id = :run_id")
_TASKS: Final = sa.text(
    "SELECT task_id, scheduled_dttm AS scheduled_at, queued_dttm AS queued_at, start_date, end_date"
    " FROM task_instance WHERE dag_id = :dag_id AND run_id = :run_id ORDER BY start_date"
)
_STOP_S: Final = 30.0


@dataclass
class Airflow:
    """Its servers; the same two verbs as `benchmarks.server.Server`."""

    program: Path
    folder: Path
    environ: Mapping[str, str]
    database: sa.Engine
    processes: list[Process]
    name: str
    executor: str

    @property
    def pids(self) -> list[int]:
        """The processes that were started by hand."""
        return [each.pid for each in self.processes]

    @property
    def ledger(self) -> Path:
        """The file to which every task of a measured DAG adds its name when it runs."""
        return self.folder / "ledger"

    def add(self, dag_id: str, text: str) -> None:
        """Write a DAG file, and have it stored."""
        for ours, theirs in _IMPORTS.items():
            text = text.replace(ours, theirs)
        file = self.folder / "dags" / f"{dag_id}.py"
        file.write_text(text.replace("LEDGER", repr(str(self.ledger))))
        self.command("dags", "reserialize")

    def run(self, dag_id: str) -> Done:
        """Trigger a DAG, wait for its end, and check that nothing was lost or ran twice."""
        self.ledger.unlink(missing_ok=True)
        key = {"dag_id": dag_id, "run_id": f"bench-{secrets.token_hex(6)}"}
        before = sum(map(cpu_s, self.pids))
        with watching_memory(self.pids) as memory:
            self.command("dags", "trigger", dag_id, "--run-id", key["run_id"])
            wait_until(lambda: self._rows(_RUN, key)[0].state not in ("queued", "running"), RUN_POLL_S)
        spent = sum(map(cpu_s, self.pids)) - before
        done = Done(self._rows(_RUN, key)[0], self._rows(_TASKS, key), spent, memory.peak_bytes)
        done.check(self.ledger.read_text().split())
        return done

    def command(self, *words: str) -> str:
        """Run one of its commands."""
        return _command(self.program, words, self.environ)

    def start(self, *words: str) -> None:
        """Start one of its servers."""
        output = self.folder / f"{'-'.join(words)}.log"
        self.processes.append(Process([self.program, *words], self.folder, self.environ, output))

    def stop(self) -> None:
        """End its servers and all that they started."""
        family = [each for pid in self.pids if psutil.pid_exists(pid) for each in tree(pid)]
        for process in self.processes:
            process.ask_to_stop()
        _, alive = psutil.wait_procs(family, _STOP_S)
        for each in alive:
            each.kill()
        self.database.dispose()

    def _rows(self, query: sa.TextClause, key: Mapping[str, str]) -> list[sa.Row]:
        with self.database.connect() as connection:
            return list(connection.execute(query, dict(key)))


@contextmanager
def airflow(program: Path, database_url: str, broker_url: str | None, slots: int) -> Iterator[Airflow]:
    """Run its servers: LocalExecutor, or with a broker CeleryExecutor and one worker of so many slots."""
    with tempfile.TemporaryDirectory(prefix="airflow-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "dags").mkdir()
        environ = _environ(folder, database_url, broker_url, slots)
        version = _command(program, ["version"], environ).split()[-1]
        _command(program, ["db", "migrate"], environ)
        made = Airflow(
            program,
            folder,
            environ,
            sa.create_engine(database_url),
            [],
            f"Airflow {version}",
            environ["AIRFLOW__CORE__EXECUTOR"],
        )
        try:
            for server in ("api-server", "scheduler", "dag-processor"):
                made.start(server)
            if broker_url:
                made.start("celery", "worker")
            yield made
        finally:
            made.stop()


def tuned() -> dict[str, str]:
    """Return what the environment changes of Airflow's defaults."""
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith("AIRFLOW__")}


def _environ(folder: Path, database_url: str, broker_url: str | None, slots: int) -> dict[str, str]:
    port = free_port()
    database = database_url.replace("+psycopg:", "+psycopg2:")
    needed = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor" if broker_url else "LocalExecutor",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(free_port()),
    }
    if broker_url:
        needed |= {
            "AIRFLOW__CELERY__BROKER_URL": broker_url,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(slots),
        }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DIRIGENT_", "PYTHON"))}
    return needed | kept


def _command(program: Path, words: list[str] | tuple[str, ...], environ: Mapping[str, str]) -> str:
    done = subprocess.run([program, *words], env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{program} {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
