"""Where the process of an attempt comes from: a fork, a fresh interpreter, another one."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from scheduler.runtime.child.interpreter import environment_of
from scheduler.runtime.supervisor import Limits, Policy
from scheduler.wire import Isolation
from tests.interpreters import make_interpreter
from tests.runtime.conftest import Crew

WHERE = """
import os, sys
COUNT = []
COUNT.append(os.getpid())
def task():
    return {"imported_by": COUNT[0], "pid": os.getpid(), "python": sys.executable}
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_interpreter(tmp_path_factory.mktemp("venv"))


def test_a_fork_finds_its_file_imported(crew: Crew) -> None:
    found = crew.run_code(WHERE).xcoms["return_value"]
    assert found["imported_by"] != found["pid"]


def test_a_fresh_interpreter_imports_the_file_itself(crew: Crew) -> None:
    outcome = crew.run_code(WHERE, isolation=Isolation(mode="fresh"))
    found = outcome.xcoms["return_value"]
    assert found["imported_by"] == found["pid"]
    assert "In a fresh interpreter, which starts slower: its task asks for one." in crew.texts()


def test_a_worker_may_give_fresh_interpreters_to_all_but_those_that_ask_for_a_fork(
    make_crew: Callable[..., Crew],
) -> None:
    crew = make_crew(policy=Policy(mode="fresh"))
    fresh = crew.run_code(WHERE).xcoms["return_value"]
    forked = crew.run(isolation=Isolation(mode="fork")).xcoms["return_value"]
    assert fresh["imported_by"] == fresh["pid"]
    assert forked["imported_by"] != forked["pid"]


def test_another_interpreter_runs_a_task_with_packages_that_the_worker_lacks(
    crew: Crew, elsewhere: str
) -> None:
    outcome = crew.run_code(
        """
        import sys
        from scheduler import Variable
        def task(ti=None):
            import os, rare, subprocess
            assert "pydantic" not in sys.modules
            return [rare.WORD, sys.executable, ti.task_id, os.environ["VIRTUAL_ENV"],
                    subprocess.check_output(["sh", "-c", "command -v python"], text=True).strip()]
        """,
        isolation=Isolation(python=elsewhere),
    )
    folder = str(Path(elsewhere).parents[1])
    assert outcome.reason == ""
    assert outcome.xcoms["return_value"] == ["from afar", elsewhere, "task", folder, elsewhere]
    assert f"its task names another, {elsewhere}." in "".join(crew.texts())


def test_another_interpreter_imports_nothing_else_of_the_worker(crew: Crew, elsewhere: str) -> None:
    outcome = crew.run_code(
        """
        import importlib.util
        def task():
            return [importlib.util.find_spec(name) for name in ("sqlalchemy", "celery", "pydantic", "webui", "refusal")]
        """,
        isolation=Isolation(python=elsewhere),
    )
    assert outcome.xcoms["return_value"] == [None] * 5


#: Where a version manager keeps several, each in a folder that is named for its version.
FOUND = {path.parents[1].name: str(path) for path in Path(sys.base_prefix).parent.glob("3.*.*/bin/python3")}
OTHERS = {name: path for name, path in FOUND.items() if name != sys.version.split()[0]}

if OTHERS:

    @pytest.mark.parametrize("version", sorted(OTHERS))
    def test_an_interpreter_of_another_version_works_from_3_11_on(crew: Crew, version: str) -> None:
        source = "import sys\ndef task(): return sys.version.split()[0]\n"
        outcome = crew.run_code(source, isolation=Isolation(python=OTHERS[version]))
        if int(version.split(".")[1]) >= 11:
            assert outcome.xcoms == {"return_value": version}
        else:
            assert outcome.reason.endswith(f" is cpython {version}: a task needs CPython 3.11 or newer")


def test_an_interpreter_that_is_too_old_is_refused_in_words(crew: Crew, tmp_path: Path) -> None:
    """Played by a script, since few machines have one."""
    old = tmp_path / "python3.8"
    program = "import runpy, sys; sys.version_info = (3, 8, 1); sys.version = '3.8.1 (old)'; sys.argv = sys.argv[1:]"
    program += "; sys.path.insert(0, sys.argv[0].rpartition('/')[0])"
    program += "; runpy.run_path(sys.argv[0], run_name='__main__')"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{program}" "$@"\n')
    old.chmod(0o755)
    outcome = crew.run_code("def task(): pass", isolation=Isolation(python=str(old)))
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert outcome.reason == f"{sys.executable} is cpython 3.8.1: a task needs CPython 3.11 or newer"


@pytest.mark.parametrize("name", ["missing", "folder", "text"])
def test_what_is_no_program_is_refused(crew: Crew, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("x")
    path = str(tmp_path / name)
    outcome = crew.run_code("def task(): pass", isolation=Isolation(python=path))
    assert (outcome.state, outcome.retryable) == ("failed", False)
    words = "No such file or directory" if name == "missing" else "Permission denied"
    assert outcome.reason == f"{path} cannot be executed on this worker: {words}"


def test_a_program_that_the_kernel_cannot_execute_is_refused(crew: Crew, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_bytes(b"\x7fELF and no more")
    broken.chmod(0o755)
    outcome = crew.run_code("def task(): pass", isolation=Isolation(python=str(broken)))
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert outcome.reason == f"{broken} cannot be executed on this worker: Exec format error"


def test_a_virtual_environment_is_activated_and_the_workers_own_left_out(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    environ = {"PATH": "/usr/bin", "PYTHONPATH": "/worker", "VIRTUAL_ENV": "/worker/venv", "LANG": "C"}
    found = environment_of(f"{tmp_path}/bin/python", environ)
    assert found == {"PATH": f"{tmp_path}/bin:/usr/bin", "VIRTUAL_ENV": str(tmp_path), "LANG": "C"}
    assert environment_of("/usr/bin/python3", environ) == {"PATH": "/usr/bin", "LANG": "C"}


def test_more_memory_than_the_worker_gives_is_refused(make_crew: Callable[..., Crew]) -> None:
    crew = make_crew(policy=Policy(memory_max_bytes=500 * 2**20))
    outcome = crew.run_code("def task(): pass", isolation=Isolation(memory_bytes=2**30))
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert outcome.reason == (
        "memory_limit=1024 MB: this worker gives a task 500 MB at most (DIRIGENT_ATTEMPT_MEMORY_MAX_MB)"
    )


@pytest.mark.parametrize("mode", ["fork", "fresh"])
def test_a_task_has_the_memory_that_it_asks_for_and_no_more(
    crew: Crew, mode: Literal["fork", "fresh"]
) -> None:
    asked = Isolation(mode=mode, memory_bytes=200 * 2**20)
    outcome = crew.run_code("def task(): bytearray(300 * 2**20)", isolation=asked)
    assert outcome.reason.startswith("MemoryError (dags/tasks.py:1 in task): used ")
    assert outcome.reason.endswith(" MB of 200 MB (memory_limit), and asked for more")


def test_a_task_that_computes_beyond_its_time_is_killed(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        def task():
            while True: pass
        """,
        isolation=Isolation(cpu_s=1),
    )
    assert (outcome.state, outcome.retryable) == ("failed", True)
    assert outcome.reason == "killed: used 1 s of 1 s of CPU (cpu_time_limit)"


def test_a_task_computes_on_as_many_cores_as_it_asks_for(crew: Crew) -> None:
    outcome = crew.run_code(
        """
        import os
        def task():
            return len(os.sched_getaffinity(0))
        """,
        isolation=Isolation(cpus=0.5),
    )
    assert outcome.xcoms == {"return_value": 1}


def test_without_control_groups_processes_of_a_task_are_counted_together_by_a_watch(
    make_crew: Callable[..., Crew],
) -> None:
    outcome = make_crew(Limits(watch_s=0.1)).run_code(
        """
        import subprocess, sys
        hold = "held = b'x' * (60 * 1024 * 1024); input()"
        def task():
            children = [subprocess.Popen([sys.executable, "-c", hold], stdin=-1) for _ in range(3)]
            for each in children: each.wait()
        """,
        isolation=Isolation(memory_bytes=120 * 2**20),
    )
    assert (outcome.state, outcome.retryable) == ("failed", True)
    assert re.fullmatch(r"killed: used \d+ MB of 120 MB \(memory_limit\)", outcome.reason)


def test_a_fork_does_not_pay_for_what_its_parent_had_loaded(make_crew: Callable[..., Crew]) -> None:
    outcome = make_crew(Limits(watch_s=0.02)).run_code(
        """
        import time
        LOADED = b"x" * (150 * 1024 * 1024)
        def task():
            time.sleep(0.3)
        """,
        isolation=Isolation(memory_bytes=200 * 2**20),
    )
    assert outcome.state == "success"


def test_processes_of_a_task_share_its_cpu_time(make_crew: Callable[..., Crew]) -> None:
    outcome = make_crew(Limits(watch_s=0.1)).run_code(
        """
        import subprocess, sys
        def task():
            children = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
            for each in children: each.wait()
        """,
        isolation=Isolation(cpu_s=1),
    )
    assert outcome.reason == "killed: used 1 s of 1 s of CPU (cpu_time_limit)"


@pytest.mark.parametrize("mode", ["fork", "fresh", "other"])
def test_no_mode_shows_a_setting_of_the_server(
    make_crew: Callable[..., Crew], elsewhere: str, mode: str
) -> None:
    asked = {
        "fork": Isolation(mode="fork"),
        "fresh": Isolation(mode="fresh"),
        "other": Isolation(python=elsewhere),
    }
    environ = os.environ | {"DIRIGENT_SECRET_KEY": "swordfish" * 4, "PASSED_ON": "yes"}
    crew = make_crew(environ=environ, pass_on=("*",))
    outcome = crew.run_code(
        """
        import os
        from pathlib import Path
        def task():
            seen = Path("/proc/self/environ").read_bytes().decode() + repr(os.environ)
            return ["swordfish" in seen, "DIRIGENT_SECRET" in seen, os.environ["PASSED_ON"]]
        """,
        isolation=asked[mode],
    )
    assert outcome.xcoms == {"return_value": [False, False, "yes"]}


def test_an_attempt_finds_nothing_of_the_one_before_it(crew: Crew) -> None:
    source = """
    import os
    HELD = []
    def task():
        HELD.append("secret")
        os.environ["HELD"] = os.environ.get("HELD", "") + "x"
        return [HELD, os.environ["HELD"]]
    """
    assert crew.run_code(source).xcoms == {"return_value": [["secret"], "x"]}
    assert crew.run().xcoms == {"return_value": [["secret"], "x"]}


def test_limits_beyond_what_the_kernel_can_count_are_none(crew: Crew) -> None:
    asked = Isolation(memory_bytes=10**30, cpu_s=1e300, cpus=1e300)
    assert crew.run_code("def task(): pass", isolation=asked).state == "success"
