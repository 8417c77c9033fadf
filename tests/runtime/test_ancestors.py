"""Nobody outlives an ancestor, and nobody's outcome is lost with one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import psutil
import pytest

from scheduler.runtime.supervisor import Limits
from tests.runtime.conftest import CLOCK, Crew
from tests.runtime.processes import is_alive, wait_until

SLEEPER = """
import os, subprocess, sys, time
def task():
    child = subprocess.Popen(["sleep", "1000"])
    print(os.getpid(), child.pid, flush=True)
    time.sleep(1000)
"""
DAEMON = """
import os, subprocess, sys, time
def task():
    child = subprocess.Popen(["setsid", "sleep", "1000"])
    while os.getpgid(child.pid) == os.getpgid(0):
        time.sleep(0.01)
    print(os.getpid(), child.pid, flush=True)
    time.sleep(1000)
"""


@pytest.fixture(params=[SLEEPER, DAEMON], ids=["group", "session"])
def asleep(make_crew: Callable[..., Crew], request: pytest.FixtureRequest) -> tuple[Crew, list[int]]:
    """Launch an attempt that sleeps, with a grandchild in its group or in a session of its own."""
    crew = make_crew()
    crew.write(request.param)
    attempt_id = crew.launch()
    wait_until(lambda: bool(crew.printed(attempt_id)))
    return crew, [int(word) for word in crew.printed(attempt_id)[0].split()]


def ancestors(pid: int) -> tuple[int, int]:
    """Return the pids of preloader and base process."""
    preloader = psutil.Process(pid).parent()
    assert preloader is not None
    return preloader.pid, preloader.ppid()


def gone(pids: list[int]) -> Callable[[], bool]:
    return lambda: not any(map(is_alive, pids))


def test_a_killed_preloader_takes_its_attempts_along_and_is_replaced(asleep: tuple[Crew, list[int]]) -> None:
    crew, pids = asleep
    preloader, _ = ancestors(pids[0])
    os.kill(preloader, signal.SIGKILL)
    outcome = crew.outcome()
    assert (outcome.state, outcome.reason) == ("lost", "its preloader was killed by SIGKILL")
    wait_until(gone(pids))
    assert crew.run_code("def task(): return 1").state == "success"


def test_a_killed_base_process_takes_all_along_and_is_replaced(asleep: tuple[Crew, list[int]]) -> None:
    crew, pids = asleep
    preloader, base = ancestors(pids[0])
    os.kill(base, signal.SIGKILL)
    outcome = crew.outcome()
    assert (outcome.state, outcome.reason) == (
        "lost",
        "lost with the base process, which was killed by SIGKILL",
    )
    wait_until(gone([*pids, preloader]))
    assert crew.run_code("def task(): return 1").state == "success"


def test_an_attempt_that_waits_for_its_import_is_lost_with_the_base_process(
    crew: Crew, tmp_path: Path
) -> None:
    written = tmp_path / "pid"
    crew.write(
        f"""
        import os, time
        with open({str(written)!r}, "w") as stream:
            print(os.getppid(), file=stream)
        time.sleep(1000)
        def task(): return 1
        """
    )
    crew.launch()
    wait_until(lambda: written.exists() and bool(written.read_text().strip()))
    os.kill(int(written.read_text()), signal.SIGKILL)
    assert crew.outcome().state == "lost"


def test_what_is_no_longer_held_ends_by_itself_though_its_supervisor_hangs(
    asleep: tuple[Crew, list[int]],
) -> None:
    crew, pids = asleep
    goes_on = Event()
    crew.supervisor.hold(CLOCK.monotonic() + 3600)
    crew.supervisor.hold(CLOCK.monotonic())
    crew.supervisor._reactor.post(goes_on.wait)
    wait_until(gone(pids))
    goes_on.set()
    outcome = crew.outcome()
    assert (outcome.state, outcome.reason) == (
        "lost",
        "lost with the base process, which ended because this worker did not renew its leases in time",
    )
    crew.supervisor.hold(CLOCK.monotonic() + 3600)
    assert crew.run_code("def task(): return 1").state == "success"


def test_a_stopped_supervisor_leaves_nothing(asleep: tuple[Crew, list[int]]) -> None:
    crew, pids = asleep
    everyone = [*pids, *ancestors(pids[0])]
    crew.supervisor.close()
    wait_until(gone(everyone))
    assert crew.lines()[-1].text == "Lost: its worker was stopped."


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Start a process with a supervisor and a sleeping attempt, which writes its pids to a file."""
    (tmp_path / "tasks.py").write_text(
        DAEMON.replace("flush=True)", f"file=open('{tmp_path}/pids', 'w'), flush=True)")
    )
    script = Path(__file__).with_name("server.py")
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path)], text=True)
    yield process
    process.kill()
    process.wait()


def test_a_killed_server_leaves_nothing(server: subprocess.Popen[str], tmp_path: Path) -> None:
    written = tmp_path / "pids"
    wait_until(lambda: written.exists() and len(written.read_text().split()) == 2)
    pids = [int(word) for word in written.read_text().split()]
    everyone = [*pids, *ancestors(pids[0])]
    server.kill()
    wait_until(gone(everyone))


def test_an_attempt_that_kills_its_parent_is_lost_and_the_next_one_runs(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os, signal, time
        def task():
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(100)
        """
    )
    assert (outcome.state, outcome.reason) == ("lost", "its preloader was killed by SIGKILL")
    crew.write("def task(): return 1", file="other.py")
    assert crew.run(file="other.py").state == "success"


@pytest.mark.parametrize("ancestor", ["preloader", "base process"])
def test_an_ancestor_that_does_not_fork_is_killed_and_replaced(
    make_crew: Callable[..., Crew], ancestor: str
) -> None:
    crew = make_crew(Limits(fork_s=1.5, sweep_s=0.1))
    crew.write("import os\ndef task(): print(os.getppid(), flush=True)")
    attempt_id = crew.launch()
    assert crew.outcome().state == "success"
    preloader = int(crew.printed(attempt_id)[0])
    if ancestor == "preloader":
        os.kill(preloader, signal.SIGSTOP)
        crew.launch()
        outcome = crew.outcome()
        assert (outcome.state, outcome.reason) == ("lost", "its preloader did not fork within 1.5 s")
    else:
        os.kill(psutil.Process(preloader).ppid(), signal.SIGSTOP)
        crew.write("def task(): pass", file="other.py")
        crew.launch(file="other.py")
        assert crew.outcome().reason == "lost with the base process, which was killed by SIGKILL"
    assert crew.run().state == "success"
