"""Tasks as other users of the system: what they are, what they cannot reach, and that nothing is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from scheduler.runtime.accounts import account_of
from scheduler.runtime.supervisor import Policy
from scheduler.runtime.supervisor.bounds import NotGiven, bounds_of
from scheduler.runtime.supervisor.supervisor import BASE_COMMAND
from scheduler.wire import Isolation
from tests.interpreters import make_interpreter
from tests.reachable import REACHABLE
from tests.runtime.conftest import Crew
from tests.runtime.processes import is_alive, wait_until
from tests.runtime.test_cgroups import TREE as GROUPS

NOBODY, DAEMON = account_of("nobody"), account_of("daemon")
AS_NOBODY = Isolation(run_as_user="nobody")


def test_only_a_worker_that_runs_as_root_can_do_that() -> None:
    with pytest.raises(NotGiven, match="'daemon': only a worker that runs as root can do that"):
        bounds_of(Isolation(run_as_user="daemon"), Policy(users={"daemon": DAEMON}))


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("daemon", "this worker may not run tasks as that user (DIRIGENT_RUN_AS_USERS: ghost, nobody)"),
        ("ghost", "this system had no such user when the worker started"),
    ],
)
def test_a_user_that_is_not_allowed_or_not_there_is_refused(asked: str, reason: str) -> None:
    policy = Policy(can_switch=True, users={"nobody": NOBODY, "ghost": None})
    with pytest.raises(NotGiven) as raised:
        bounds_of(Isolation(run_as_user=asked), policy)
    assert str(raised.value) == f"run_as_user={asked!r}: {reason}"


# What follows takes root; the refusal of everybody else is held above.
if os.getuid() == 0:
    WHO = """
    import os
    from pathlib import Path
    def task():
        told = dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
        names = ("HOME", "USER", "LOGNAME")
        return [list(os.getresuid()), list(os.getresgid()), os.getgroups(),
                [os.environ[name] for name in names], os.getcwd(),
                told["NoNewPrivs"], int(told["CapEff"], 16), os.path.exists("/proc/self/fd/0")]
    """

    @pytest.fixture
    def public() -> Iterator[Path]:
        """Give a folder that all users may enter, unlike those of pytest."""
        with tempfile.TemporaryDirectory() as name:
            Path(name).chmod(0o755)
            yield Path(name)

    @pytest.fixture
    def team(make_crew: Callable[..., Crew], public: Path) -> Callable[..., Crew]:
        def make(**options: object) -> Crew:
            policy = Policy(can_switch=True, users={"nobody": NOBODY, "daemon": DAEMON})
            command = (*REACHABLE, *BASE_COMMAND)
            crew = make_crew(**{"policy": policy, "base_command": command, **options})
            crew.code_root = public / "dags"
            crew.code_root.mkdir()
            return crew

        return make

    @pytest.mark.parametrize("mode", ["fork", "fresh"])
    def test_a_task_is_another_user_for_good(
        team: Callable[..., Crew], mode: Literal["fork", "fresh"]
    ) -> None:
        outcome = team().run_code(WHO, isolation=Isolation(run_as_user="nobody", mode=mode))
        uid, gid = NOBODY.uid, NOBODY.gid
        home = NOBODY.home if os.path.isdir(NOBODY.home) else "/"  # noqa: PTH112 - compared as text
        assert outcome.reason == ""
        assert outcome.xcoms["return_value"] == [
            [uid] * 3, [gid] * 3, list(NOBODY.groups), [NOBODY.home, "nobody", "nobody"], home, "1", 0, True,
        ]  # fmt: skip

    def test_another_interpreter_runs_as_another_user_too(team: Callable[..., Crew], public: Path) -> None:
        python = make_interpreter(public / "venv")
        source = "import os\ndef task():\n    import rare\n    return [os.getuid(), rare.WORD]"
        outcome = team().run_code(source, isolation=Isolation(run_as_user="nobody", python=python))
        assert outcome.xcoms == {"return_value": [NOBODY.uid, "from afar"]}

    def test_a_task_cannot_reach_what_belongs_to_others(team: Callable[..., Crew], public: Path) -> None:
        for owner in (0, DAEMON.uid):
            (public / str(owner)).write_text("private")
            (public / str(owner)).chmod(0o600)
            os.chown(public / str(owner), owner, -1)
        outcome = team().run_code(
            f"""
            import ctypes, os, signal, subprocess
            def fails(call, *args):
                try:
                    call(*args)
                except PermissionError:
                    return True
                return False
            def task():
                server = {os.getpid()}
                return [
                    *[fails(open, f"{public}/{{owner}}") for owner in (0, {DAEMON.uid})],
                    fails(open, "{public}/mine", "w"),
                    fails(os.setuid, 0),
                    fails(os.setuid, {DAEMON.uid}),
                    fails(os.setgroups, [0]),
                    fails(os.kill, server, signal.SIGCONT),
                    fails(open, f"/proc/{{server}}/environ"),
                    fails(os.listdir, f"/proc/{{server}}/fd"),
                    ctypes.CDLL(None).ptrace(0x4206, server, 0, 0) == -1,
                ]
            """,
            isolation=AS_NOBODY,
        )
        assert outcome.xcoms == {"return_value": [True] * 10}

    def test_a_task_may_open_its_output_anew(team: Callable[..., Crew]) -> None:
        crew = team()
        source = "import os\ndef task():\n    os.system('echo anew > /dev/stdout')"
        assert crew.run_code(source, isolation=AS_NOBODY).state == "success"
        assert crew.printed() == ["anew"]

    def test_tasks_of_one_file_run_as_different_users(team: Callable[..., Crew]) -> None:
        crew = team()
        crew.write("import os\ndef task(): return os.getuid()")
        found = [
            crew.run(isolation=Isolation(run_as_user=name)).xcoms["return_value"]
            for name in ("nobody", "daemon", "nobody", None)
        ]
        assert found == [NOBODY.uid, DAEMON.uid, NOBODY.uid, 0]

    def test_files_are_imported_and_parsed_as_the_default_user(team: Callable[..., Crew]) -> None:
        crew = team(policy=Policy(default_account=DAEMON))
        source = (
            f"import os\nassert os.getuid() == {DAEMON.uid}, os.getuid()\ndef task(): return os.getuid()\n"
        )
        assert crew.parse(source).error is None
        crew.supervisor.warm(str(crew.code_root), "tasks.py")
        assert crew.run().xcoms == {"return_value": DAEMON.uid}

    HIDES = """
    import os, subprocess, time
    from pathlib import Path
    def task():
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print(os.getpid(), child.pid, flush=True)
        {then}
    """

    def pids_of(crew: Crew) -> list[int]:
        wait_until(lambda: bool(crew.printed()))
        return [int(word) for word in crew.printed()[0].split()]

    @pytest.mark.parametrize("mode", ["fork", "fresh"])
    def test_nothing_of_it_is_left_when_it_ends(
        team: Callable[..., Crew], mode: Literal["fork", "fresh"]
    ) -> None:
        crew = team()
        source = HIDES.format(then="")
        outcome = crew.run_code(source, isolation=Isolation(run_as_user="nobody", mode=mode))
        assert outcome.state == "success"
        wait_until(lambda: not any(map(is_alive, pids_of(crew))))

    def test_it_can_be_stopped(team: Callable[..., Crew]) -> None:
        crew = team()
        crew.write(HIDES.format(then="import signal; signal.signal(15, signal.SIG_IGN); time.sleep(1000)"))
        attempt_id = crew.launch(isolation=AS_NOBODY)
        pids = pids_of(crew)
        crew.supervisor.stop(attempt_id, "enough", within_s=0.1)
        assert crew.outcome().state == "cancelled"
        wait_until(lambda: not any(map(is_alive, pids)))

    @pytest.mark.parametrize("mode", ["fork", "fresh"])
    def test_it_does_not_outlive_its_ancestors(
        team: Callable[..., Crew], mode: Literal["fork", "fresh"]
    ) -> None:
        """The kernel forgets whom to signal at a parent's death when a process becomes another user."""
        crew = team()
        crew.write(HIDES.format(then="time.sleep(1000)"))
        crew.launch(isolation=Isolation(run_as_user="nobody", mode=mode))
        pids = pids_of(crew)
        parent = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(parent, signal.SIGKILL)
        assert crew.outcome().state == "lost"
        wait_until(lambda: not any(map(is_alive, pids)))

    def test_what_the_user_cannot_read_is_said(team: Callable[..., Crew]) -> None:
        crew = team()
        crew.write("def task(): pass")
        crew.code_root.chmod(0o700)
        outcome = crew.run(isolation=AS_NOBODY)
        assert outcome.state == "failed"
        assert f"user 'nobody' cannot read {crew.code_root}" in outcome.reason.replace("dags/", "dags")

    if GROUPS is not None:

        @pytest.mark.parametrize("mode", ["fork", "fresh"])
        def test_its_memory_is_limited_by_control_groups(
            team: Callable[..., Crew], mode: Literal["fork", "fresh"]
        ) -> None:
            asked = Isolation(run_as_user="nobody", mode=mode, memory_bytes=100 * 1024 * 1024)
            source = "def task(): b'x' * (200 * 1024 * 1024)"
            outcome = team(groups=GROUPS).run_code(source, isolation=asked)
            assert outcome.reason == "killed: used 100 MB of 100 MB (memory_limit)"

    if GROUPS is not None:

        def test_a_task_of_another_user_cannot_leave_its_group(team: Callable[..., Crew]) -> None:
            outcome = team(groups=GROUPS).run_code(
                f"""
                import os
                from pathlib import Path
                parent = "{GROUPS.memory}"
                def task():
                    own = Path("/proc/self/cgroup").read_text()
                    left = [os.access(each, os.W_OK) for each in (parent, parent + "/cgroup.procs")]
                    return ["dirigent-attempt-" in own, left]
                """,
                isolation=Isolation(run_as_user="nobody", memory_bytes=100 * 1024 * 1024),
            )
            assert outcome.xcoms == {"return_value": [True, [False, False]]}

    @pytest.mark.parametrize(
        ("named", "reason"),
        [
            ("{}", "its preloader named process {}, which is another user's"),
            ("'+{}'", "pid of Started cannot be '+{}'"),
        ],
    )
    def test_a_preloader_cannot_have_the_processes_of_others_killed(
        team: Callable[..., Crew], named: str, reason: str
    ) -> None:
        """It says which process an attempt is, and code that it imports may speak in its place."""
        crew = team(groups=GROUPS)
        victim = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        crew.write(
            f"""
            import json, os, socket, struct
            real = socket.socket.sendall
            def lying(self, data):
                told = json.loads(data[4:])
                if told.get("note") == "started":
                    told["pid"] = {named.format(victim.pid)}
                    body = json.dumps(told).encode()
                    data = struct.pack(">I", len(body)) + body
                return real(self, data)
            socket.socket.sendall = lying
            def task(): pass
            """
        )
        outcome = crew.run(isolation=Isolation(run_as_user="nobody", memory_bytes=100 * 1024 * 1024))
        assert reason.format(victim.pid) in outcome.reason
        crew.supervisor.close()
        assert is_alive(victim.pid)
        victim.kill()
        victim.wait()
