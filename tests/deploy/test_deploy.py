"""What `deploy/` starts: commands that there are, settings that there are, and time enough to stop."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scheduler.cli.shell import run
from scheduler.config import load_settings
from tests.deploy.started import (
    BINARY,
    UNITS,
    Started,
    of_compose,
    of_kubernetes,
    of_systemd,
    unit,
    with_files,
)

#: What a worker takes to stop after it has drained.
STOPPING_S = 10
STARTED = [*of_systemd(), *of_compose(), *of_kubernetes()]
each_started = pytest.mark.parametrize("started", STARTED, ids=[each.place for each in STARTED])


def test_every_way_has_its_servers():
    assert {each.words[0] for each in of_systemd()} == {"up", "scheduler", "worker", "web"}
    assert {each.words[0] for each in of_compose()} == {"scheduler", "worker", "web"}
    assert {each.words[0] for each in of_kubernetes()} == {"scheduler", "worker", "web"}


@each_started
def test_its_command_is_one_that_there_is(started: Started, capsys):
    assert run([*started.words, "--help"]) == 0, capsys.readouterr().err


@each_started
def test_its_settings_are_ones_that_there_are_and_it_has_the_time_to_stop_in_order(
    started: Started, tmp_path
):
    settings = load_settings(with_files(started.environ, tmp_path), tmp_path)
    assert started.patience_s > settings.drain_s + STOPPING_S


@pytest.mark.parametrize("file", UNITS, ids=[file.stem for file in UNITS])
def test_systemd_tells_only_the_server_itself_to_stop_and_starts_it_again(file: Path, tmp_path):
    service = unit(file)["Service"]
    assert (service["KillMode"], service["Restart"]) == ("mixed", "always")
    if verifier := shutil.which("systemd-analyze"):
        there = tmp_path / file.name
        there.write_text(file.read_text().replace(BINARY, "/bin/true"))
        said = subprocess.run([verifier, "verify", there], capture_output=True, text=True, check=False)
        assert (said.returncode, said.stderr) == (0, "")
