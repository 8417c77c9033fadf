"""A git repository of a test's own, from which Dirigent fetches over its file address."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which
from textwrap import dedent

import pytest

_WHO = {
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@shop.test",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@shop.test",
}


class Repository:
    """A folder in which somebody works, with its history."""

    def __init__(self, folder: Path) -> None:
        if which("git") is None:
            pytest.skip("git is not installed")
        self.folder = folder
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        } | _WHO
        self.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        self.git("init", "--quiet", "--initial-branch=main", "--", str(folder), inside=False)

    @property
    def url(self) -> str:
        """The address to fetch from."""
        return f"file://{self.folder}"

    def git(self, *words: str, inside: bool = True, given: bytes | None = None) -> str:
        """Call git in the repository; fail where it does."""
        place = ["-C", str(self.folder)] if inside else []
        done = subprocess.run(
            ["git", *place, *words], env=self.environ, input=given, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def write(self, path: str, text: str) -> None:
        """Write a file; it is part of the next commit."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text))

    def write_dag(self, path: str, dag_id: str, body: str = "return 1") -> None:
        """Write a DAG of one task."""
        head = "from scheduler import DAG, task\n"
        self.write(
            path, f"{head}with DAG({dag_id!r}):\n    @task\n    def work():\n        {body}\n    work()\n"
        )

    def commit(self, message: str = "Change it", *, amend: bool = False) -> str:
        """Commit everything; return the name of the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *(["--amend"] if amend else []))
        return self.git("rev-parse", "HEAD")
