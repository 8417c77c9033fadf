import os
import re
import subprocess
import sys

import pytest

from scheduler.cli.parts.lock import ServerLock, address_of_server
from scheduler.errors import AlreadyRunning

HOLD = """
import sys
from pathlib import Path
from scheduler.cli.parts.lock import ServerLock
lock = ServerLock(Path(sys.argv[1]), "http://127.0.0.1:8080")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_server_is_refused_by_the_pid_and_address_of_the_first(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=re.escape(f"(pid {first.pid}, http://127.0.0.1:8080)")):
            ServerLock(tmp_path, "http://127.0.0.1:9000")
        assert address_of_server(tmp_path) == "http://127.0.0.1:8080"
        first.kill()

    assert address_of_server(tmp_path) is None
    ServerLock(tmp_path, "http://127.0.0.1:9000").close()


def test_a_closed_lock_lets_another_server_start(tmp_path):
    ServerLock(tmp_path, "http://a").close()

    lock = ServerLock(tmp_path, "http://b")

    assert address_of_server(tmp_path) == "http://b"
    lock.close()


def test_a_home_without_a_server_has_no_address(tmp_path):
    assert address_of_server(tmp_path / "nowhere") is None


def test_the_lock_is_not_left_to_children(tmp_path):
    lock = ServerLock(tmp_path, "http://a")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock.close()

    ServerLock(tmp_path, "http://b").close()

    child.communicate(b"\n")
    assert child.returncode == os.EX_OK


def test_a_home_folder_that_the_lock_makes_is_its_owners_alone(tmp_path):
    lock = ServerLock(tmp_path / "home", "http://127.0.0.1:8080")
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0
    lock.close()
