"""Connections are tried out in processes of their own, which are bounded and tell no secret."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scheduler.errors import TooMuchAtOnce
from scheduler.runtime.supervisor.connection_trials import MOST, ConnectionTrials
from tests.runtime.processes import is_alive, wait_until

SECRET = "hunter2-of-the-shop"
HOOK = """
    import os, subprocess, sys, time
    from pathlib import Path
    from airflow.hooks.base import BaseHook

    def info():
        kinds = ("leaky", "stuck")
        return {"connection-types": [{"connection-type": each, "hook-class-name": "acme.Hook"} for each in kinds]}

    class Hook(BaseHook):
        conn_name_attr = "acme_conn_id"

        def __init__(self, acme_conn_id):
            self.conn_id = acme_conn_id

        def test_connection(self):
            found = self.get_connection(self.conn_id)
            print("printed", found.password, flush=True)
            if found.conn_type == "leaky":
                secrets = [name for name in os.environ if name.startswith("DIRIGENT_SECRET")]
                return True, f"{found.password} and {found.extra_dejson['header']}, {secrets}"
            below = subprocess.Popen(["sleep", "600"])
            Path(found.host).write_text(f"{os.getpid()} {below.pid}\\n")
            time.sleep(600)
"""


def trials(environ: Mapping[str, str] | None = None, limit_s: float = 30.0) -> ConnectionTrials:
    return ConnectionTrials({**os.environ, **(environ or {})}, memory_bytes=1 << 30, limit_s=limit_s)


@pytest.fixture
def provider(tmp_path: Path) -> dict[str, str]:
    """Make an installed provider; return the environment that has it."""
    (tmp_path / "acme.py").write_text(textwrap.dedent(HOOK))
    place = tmp_path / "acme-1.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (place / "entry_points.txt").write_text("[apache_airflow_provider]\nprovider_info=acme:info\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH"), str(Path.cwd())]))
    return {"PYTHONPATH": path, "DIRIGENT_SECRET_KEY": SECRET}


def asked(conn_type: str, **more: str) -> dict[str, str]:
    return {"conn_id": "c", "conn_type": conn_type, **more}


def test_a_database_that_is_not_there_does_not_work_and_is_not_made(tmp_path: Path) -> None:
    absent = tmp_path / "absent.db"
    assert trials().try_out(asked("sqlite", host=str(absent))) == (False, f"There is no file {absent}.")
    assert not absent.exists()


def test_a_type_without_a_hook_says_what_to_install() -> None:
    is_ok, message = trials().try_out(asked("aws"))
    assert not is_ok
    assert "'aws' is installed on this host" in message
    assert message.endswith("dirigent providers install amazon")


def test_the_hook_of_a_provider_is_asked_and_what_it_tells_is_masked(provider: dict[str, str]) -> None:
    given = asked("leaky", password=SECRET, extra='{"header": "of-no-telling-name"}')
    assert trials(provider).try_out(given) == (True, "*** and ***, []")


def test_a_process_that_ends_by_itself_is_told_of() -> None:
    ending = ConnectionTrials(os.environ, command=["sh", "-c", "exit 3"])
    assert ending.try_out(asked("sqlite")) == (
        False,
        "The process that tried it out ended without an answer.",
    )


def test_one_that_hangs_is_ended_with_what_it_started(provider: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "pids"
    found = trials(provider, limit_s=2.0).try_out(asked("stuck", host=str(file)))
    assert found == (False, "There was no answer within 2 s; the trial was ended.")
    started = [int(pid) for pid in file.read_text().split()] if file.exists() else []
    wait_until(lambda: not any(map(is_alive, started)))


def test_no_more_than_two_go_on_at_once(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    until = f"until [ -e {gate} ]; do sleep 0.05; done"
    waiting = ConnectionTrials(os.environ, command=["sh", "-c", until])
    with ThreadPoolExecutor(MOST) as pool:
        going = [pool.submit(waiting.try_out, asked("sqlite")) for _ in range(MOST)]
        wait_until(lambda: waiting.is_full)
        with pytest.raises(TooMuchAtOnce, match="try again in a moment"):
            waiting.try_out(asked("sqlite"))
        gate.touch()
        assert not any(each.result()[0] for each in going)
    assert not waiting.is_full
