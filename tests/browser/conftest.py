"""A whole Dirigent as a newcomer starts it: real processes, the sample DAGs, a database of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest
from playwright.sync_api import expect

_ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from scheduler.cli import main; main()"]
_LINK = re.compile(r"http://\S+/sign-in\?token=\S+")


class Home:
    """The folder of one installation, and the processes that were started on it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        shutil.copytree(_ROOT / "dags", folder / "dags")
        own = {"HOME": str(folder / "home"), "PORT": "0", "DAGS_FOLDER": str(folder / "dags"), **settings}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DIRIGENT_")}
        self.env = (
            kept | {f"DIRIGENT_{key}": value for key, value in own.items()} | {"PYTHONPATH": str(_ROOT)}
        )

    @contextmanager
    def run(self, *command: str) -> Iterator[IO[str]]:
        """Run a command that stays, until the block ends; yields what it prints."""
        with (self.folder / f"{command[0]}.log").open("a") as complaints:
            process = subprocess.Popen(
                [*_COMMAND, *command],
                env=self.env,
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.close()
            process.wait(timeout=30)

    def sign_in_link(self, printed: IO[str]) -> str:
        """Return the link that a starting server prints, or fail with what it said instead."""
        lines = []
        for line in printed:
            lines.append(line)
            if found := _LINK.search(line):
                return found[0]
        logs = [path.read_text() for path in self.folder.glob("*.log")]
        raise AssertionError("".join(["the server ended without a sign-in link:\n", *lines, *logs]))


@pytest.fixture(autouse=True, scope="session")
def patience() -> None:
    """Pages take seconds on a busy machine; a wrong page stays wrong."""
    expect.set_options(timeout=60_000)


@pytest.fixture
def one_process(tmp_path: Path) -> Iterator[str]:
    """`dirigent up`: everything in one process. Yields its sign-in link."""
    home = Home(tmp_path)
    with home.run("up") as printed:
        yield home.sign_in_link(printed)


@pytest.fixture
def distributed(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[str]:
    """Page, scheduler and two workers as processes of their own, over PostgreSQL and Redis."""
    secret = "x" * 40
    home = Home(tmp_path, DATABASE_URL=postgres_url, BROKER_URL=redis_url, SECRET_KEY=secret)
    with ExitStack() as processes:
        subprocess.run([*_COMMAND, "db", "upgrade"], env=home.env, cwd=home.folder, check=True, timeout=60)
        printed = processes.enter_context(home.run("web"))
        for command in ("scheduler", "worker", "worker"):
            processes.enter_context(home.run(command))
        yield home.sign_in_link(printed)
