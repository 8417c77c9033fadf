"""The command line, called as a process calls it, in a project folder of the test's own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from scheduler.cli.shell import run


@dataclass
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The output, read as JSON."""
        return json.loads(self.out)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project folder, in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dags").mkdir()
    return tmp_path


@pytest.fixture
def dirigent(project, capsys):
    """Call the command line: `dirigent("dags", "list")`."""

    def call(*words: str) -> Said:
        code = run(words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call
