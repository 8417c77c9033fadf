"""DAG files are imported with the packages of their lock file, and told when these cannot be had."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scheduler.cli.parts.parsers import LockedParser
from scheduler.clock import SystemClock
from scheduler.runtime.environments import Environments
from scheduler.wire import ParsedFile

NAME = "requirements.lock"


class Parser:
    """Notes with which packages it is to import."""

    def __init__(self):
        self.asked = []

    def parse(self, code_root, file, *, timeout_s, memory_bytes, packages=None):
        self.asked.append(packages)
        return ParsedFile(file=file, opened=("a.csv",))


@pytest.fixture
def make_parser(tmp_path):
    made = []

    def make(script):
        tool = tmp_path / "bin" / "uv"
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\necho call >> {tmp_path}/calls\n{script}\n")
        tool.chmod(0o755)
        environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
        environments = Environments(tmp_path / "environments", environ)
        made.append(environments)
        inner = Parser()
        return LockedParser(inner, environments, NAME, SystemClock()), inner

    yield make
    for each in made:
        each.close()


def parse(parser, code, file="o.py"):
    return parser.parse(str(code), file, timeout_s=5, memory_bytes=None)


def test_files_are_imported_with_the_packages_of_their_lock_which_they_depend_on(make_parser, tmp_path):
    parser, inner = make_parser('[ "$1" = venv ] && mkdir -p "$5"; exit 0')
    code = tmp_path / "code"
    (code / "wheels").mkdir(parents=True)
    (code / "wheels" / "rare-1.0-py3-none-any.whl").write_bytes(b"x")
    (code / NAME).write_text("./wheels/rare-1.0-py3-none-any.whl\n")
    parsed = parse(parser, code)
    (packages,) = inner.asked
    assert packages.is_relative_to(tmp_path / "environments")
    assert packages.parts[-2:] == (f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    assert parsed.opened == ("a.csv", NAME, "wheels/rare-1.0-py3-none-any.whl")


def test_a_folder_without_the_lock_file_is_imported_as_ever_and_again_when_it_comes(make_parser, tmp_path):
    parser, inner = make_parser("exit 1")
    assert parse(parser, tmp_path).opened == ("a.csv", NAME)
    assert inner.asked == [None]


def test_an_environment_that_cannot_be_built_is_told_of_each_file_and_tried_once(make_parser, tmp_path):
    parser, inner = make_parser("echo no such package; exit 3")
    (tmp_path / NAME).write_text("")
    faults = [parse(parser, tmp_path, file).error for file in ("a.py", "b.py")]
    words = "The environment of requirements.lock could not be built (exit 3): no such package"
    assert [(each.type, each.message) for each in faults] == [("NotBuilt", words)] * 2
    assert (Path(tmp_path / "calls").read_text(), inner.asked) == ("call\n", [])
