"""What a person sees who starts Dirigent where it cannot run, or runs already."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.integration.waiting import eventually

#: Runs what follows without root's right to read and write everything (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
_DROP = """
import ctypes, os, sys
for capability in (1, 2):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
WITHOUT_RIGHTS = (sys.executable, "-c", _DROP)

HELLO = """
from scheduler import DAG, task

with DAG("hello", schedule=None):
    @task
    def work():
        print("hello")

    work()
"""


def test_a_second_server_on_one_home_names_the_first_ones_pid_and_address(bare_project):
    first = bare_project.start()
    second = bare_project.dirigent("up")
    assert second.returncode == 1
    assert f"pid {first.pid}" in second.stderr
    assert first.address in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_told_in_one_line(new_project):
    project = new_project()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = project.dirigent("up", "--port", str(port))
    assert said.returncode == 1
    assert str(port) in said.stderr
    assert "in use" in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_an_unknown_setting_is_refused_by_name(new_project):
    said = new_project().dirigent("up", DIRIGENT_PROT="9000")
    assert said.returncode == 1
    assert "DIRIGENT_PROT" in said.stderr
    assert "DIRIGENT_PORT" in said.stderr


@pytest.mark.parametrize("command", ["scheduler", "worker", "web", "up"])
def test_a_database_that_cannot_be_reached_is_told_in_a_sentence(new_project, command):
    said = new_project().dirigent(
        command,
        DIRIGENT_DATABASE_URL="postgresql://nobody:secret@127.0.0.1:9/none",
        DIRIGENT_BROKER_URL="inproc://local" if command in ("web", "up") else "redis://127.0.0.1:9/0",
        DIRIGENT_SECRET_KEY="k" * 44,
    )
    assert said.returncode == 1
    assert "127.0.0.1:9" in said.stderr
    assert "secret" not in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_a_home_without_rights_is_told_in_one_line(bare_project):
    bare_project.home.mkdir()
    bare_project.home.chmod(0o500)
    said = bare_project.dirigent("up", before=WITHOUT_RIGHTS)
    bare_project.home.chmod(0o700)
    assert said.returncode == 1
    assert str(bare_project.home) in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_a_dag_folder_that_cannot_be_read_is_an_import_error_and_recovers(new_project):
    project = new_project()
    project.write("hello.py", HELLO)
    project.dags.chmod(0)
    project.start(before=WITHOUT_RIGHTS)
    (error,) = eventually(project.record.import_errors, told=project.told)
    assert error.path == "."
    project.dags.chmod(0o700)
    project.trigger("hello").until()
    eventually(lambda: not project.record.import_errors(), told=project.told)


def test_a_full_disk_under_the_log_folder_does_not_stop_a_run(new_project):
    project = new_project()
    # Opening or writing anything below it fails, as on a disk without room.
    (project.home / "logs").symlink_to("/dev/full")
    project.start()
    project.write("hello.py", HELLO)
    project.trigger("hello").until()


def test_ctrl_c_ends_a_server_at_once_while_its_page_is_open(new_project):
    project = new_project()
    server = project.start()
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as page:
        page.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert server.stop() == 0
