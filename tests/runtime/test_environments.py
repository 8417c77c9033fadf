"""Environments of lock files: what names them, how they are built, and what a kill leaves."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from scheduler.runtime.accounts import account_of
from scheduler.runtime.environments import KEEP, BuildFailed, Environments
from scheduler.runtime.lock_files import BadLock, Lock, read_lock
from tests.integration.waiting import eventually
from tests.runtime.processes import is_alive
from tests.wheels import make_wheel

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
NAME = "requirements.lock"


def write_lock(folder: Path, text: str, name: str = NAME) -> Lock:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    lock = read_lock(folder, name)
    assert lock is not None
    return lock


def said(python: Path, code: str) -> str:
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    ).stdout.strip()


@pytest.fixture
def environments(tmp_path):
    made = Environments(tmp_path / "environments", os.environ)
    yield made
    made.close()


def test_an_environment_holds_what_the_lock_names_and_is_built_once(tmp_path, environments):
    code = tmp_path / "code"
    make_wheel(code / "wheels", "rare", "WORD = 'from afar'\n")
    lock = write_lock(code, "./wheels/rare-1.0-py3-none-any.whl\n")
    assert environments.python_of(lock) is None
    lines: list[str] = []
    python = environments.build(lock, NOW, lines.append)
    assert said(python, "import rare; print(rare.WORD)") == "from afar"
    assert any("rare" in line for line in lines)
    assert "rare" in (tmp_path / "environments" / f"{lock.key}.log").read_text()
    again: list[str] = []
    other = Environments(tmp_path / "environments", os.environ)
    assert (other.build(lock, NOW, again.append), again) == (python, [])
    assert environments.python_of(lock) == python


def test_the_name_follows_the_lock_and_the_files_beside_it(tmp_path):
    code = tmp_path / "code"
    make_wheel(code / "wheels", "rare", "WORD = 1\n")
    text = "rare @ file:wheels/rare-1.0-py3-none-any.whl\n"
    first = write_lock(code, text)
    assert write_lock(tmp_path / "other", "a==1\n").key != first.key
    make_wheel(tmp_path / "same" / "wheels", "rare", "WORD = 1\n")
    assert write_lock(tmp_path / "same", text).key == first.key
    make_wheel(code / "wheels", "rare", "WORD = 2\n")
    assert write_lock(code, text).key != first.key


def test_code_without_the_lock_file_has_no_environment_of_its_own(tmp_path):
    assert read_lock(tmp_path, NAME) is None


def test_a_lock_of_a_project_says_what_to_commit_instead(tmp_path):
    with pytest.raises(BadLock, match="uv export"):
        write_lock(tmp_path, "version = 1\n", "uv.lock")


def test_a_build_that_fails_says_why_without_passwords_and_leaves_nothing_that_counts(tmp_path, environments):
    lock = write_lock(tmp_path / "code", "./wheels/none-1.0-py3-none-any.whl\n")
    with pytest.raises(
        BuildFailed, match=r"The environment of requirements.lock could not be built \(exit \d\)"
    ):
        environments.build(lock, NOW, lambda line: None)
    assert environments.python_of(lock) is None
    secret = write_lock(tmp_path / "code", "https://ana:hu@hush@127.0.0.1:1/none-1.0-py3-none-any.whl\n")
    lines: list[str] = []
    with pytest.raises(BuildFailed) as failed:
        Environments(tmp_path / "environments", {**os.environ, "PIP_RETRIES": "0"}).build(
            secret, NOW, lines.append
        )
    log = (tmp_path / "environments" / f"{secret.key}.log").read_text()
    assert "hush" not in str(failed.value) + "".join(lines) + log


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Using CPython; error: Failed to download rare;   cause: Hash mismatch",
            "error: Failed to download rare; cause: ",
        ),
        ("Collecting rare; no route", "): no route"),
        (":", "(exit 2): "),
    ],
)
def test_a_build_that_fails_is_told_by_its_error_and_the_reasons_of_that(tmp_path, said, words):
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    lines = "".join(f"echo '{line}'\n" for line in said.split(";") if line != ":")
    tool.write_text(f"#!/bin/sh\n{lines}exit 2\n")
    tool.chmod(0o755)
    lock = write_lock(tmp_path / "code", "")
    environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    with pytest.raises(BuildFailed) as failed:
        Environments(tmp_path / "environments", environ).build(lock, NOW, lambda line: None)
    assert words in str(failed.value)


def test_a_lock_that_takes_uv_says_so_where_there_is_none(tmp_path):
    lock = write_lock(tmp_path / "code", "lock-version = '1.0'\n", "pylock.toml")
    with pytest.raises(BuildFailed, match="takes uv, which is not on the PATH"):
        Environments(tmp_path / "environments", {"PATH": "/nowhere"}).build(lock, NOW, lambda line: None)


def test_uv_builds_where_it_is_there(tmp_path):
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text(
        f'#!/bin/sh\necho "uv $@"\n[ "$1" = venv ] && {sys.executable} -m venv --without-pip "$5"\nexit 0\n'
    )
    tool.chmod(0o755)
    lock = write_lock(tmp_path / "code", "lock-version = '1.0'\n", "pylock.toml")
    lines: list[str] = []
    environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    python = Environments(tmp_path / "environments", environ).build(lock, NOW, lines.append)
    assert lines[0].startswith(f"uv venv --no-project --python {sys.executable} ")
    assert lines[1].startswith("uv pip sync ")
    assert lines[1].endswith(str(lock.file))
    assert python.exists()


def test_a_build_ends_when_the_worker_stops(tmp_path):
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho begun\nexec sleep 1000\n")
    tool.chmod(0o755)
    environments = Environments(tmp_path / "environments", {"PATH": f"{tool.parent}:{os.environ['PATH']}"})
    lock = write_lock(tmp_path / "code", "")
    lines: list[str] = []
    ends: list[str] = []

    def build() -> None:
        try:
            environments.build(lock, NOW, lines.append)
        except BuildFailed as error:
            ends.append(str(error))

    thread = Thread(target=build)
    thread.start()
    eventually(lambda: lines)
    environments.close()
    thread.join(30)
    assert len(ends) == 1
    assert environments.python_of(lock) is None


def test_what_a_killed_worker_left_half_built_is_built_anew_once_its_tool_has_ended(tmp_path):
    folder, tool = tmp_path / "environments", tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text(
        f'#!/bin/sh\n[ "$1" = venv ] || exit 0\nmkdir -p "$5/bin"; touch "$5/half"; echo half\n'
        f"[ -e {tmp_path}/go ] || exec sleep 1000\ntouch $5/bin/python\n"
    )
    tool.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}"}
    lock = write_lock(tmp_path / "code", "")
    program = (
        "import sys, os; from pathlib import Path; from datetime import datetime, UTC\n"
        "from scheduler.runtime.environments import Environments; from scheduler.runtime.lock_files import read_lock\n"
        f"Environments(Path({str(folder)!r}), os.environ).build(read_lock(Path({str(tmp_path / 'code')!r}), {NAME!r}),"
        " datetime(2026, 11, 21, tzinfo=UTC), lambda line: print(os.getpid(), flush=True))"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline().strip() == str(worker.pid)
    worker.kill()
    worker.communicate()
    (tmp_path / "go").touch()
    environments = Environments(folder, environ)
    done: list[Path] = []
    thread = Thread(target=lambda: done.append(environments.build(lock, NOW, lambda line: None)))
    thread.start()
    assert not done
    for pid in _sleepers(tmp_path):
        os.kill(pid, 9)
    thread.join(30)
    assert done == [folder / lock.key / "bin" / "python"]
    assert environments.python_of(lock) == done[0]


def _sleepers(folder: Path) -> list[int]:
    """Return the tools that the killed worker left: they hold the lock that they were handed."""
    found = []
    for each in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if each.readlink().is_relative_to(folder) and int(each.parts[2]) != os.getpid():
                found.append(int(each.parts[2]))
        except OSError:
            continue
    return sorted(set(found))


def test_environments_that_nobody_uses_are_deleted_after_a_while(tmp_path):
    folder = tmp_path / "environments"
    for key, age in (("old", 40), ("young", 5)):
        (folder / key).mkdir(parents=True)
        (folder / f"{key}.ready").touch()
        at = NOW.timestamp() - age * 86400
        os.utime(folder / f"{key}.ready", (at, at))
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\n[ "$1" = venv ] && mkdir -p "$5"\nexit 0\n')
    tool.chmod(0o755)
    lock = write_lock(tmp_path / "code", "")
    Environments(folder, {"PATH": f"{tool.parent}:{os.environ['PATH']}"}).build(lock, NOW, lambda line: None)
    assert KEEP.days == 30
    assert sorted(each.name for each in folder.iterdir() if each.is_dir()) == sorted([lock.key, "young"])


def test_a_lock_of_one_endless_word_is_read_all_the_same(tmp_path):
    assert write_lock(tmp_path, "a" * 5_000_000).local == ()


def test_what_a_build_leaves_running_ends_with_it(tmp_path):
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\n[ "$1" = venv ] || exit 0\nsleep 1000 >/dev/null 2>&1 &\necho $!\nmkdir -p "$5"\n'
    )
    tool.chmod(0o755)
    lock = write_lock(tmp_path / "code", "")
    lines: list[str] = []
    environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    Environments(tmp_path / "environments", environ).build(lock, NOW, lines.append)
    eventually(lambda: not is_alive(int(lines[0])))


@pytest.mark.parametrize("where", ["", " >/dev/null 2>&1"])
def test_what_hides_from_a_build_in_another_session_holds_up_no_other(tmp_path, where):
    tool, hidden = tmp_path / "bin" / "uv", tmp_path / "hidden"
    tool.parent.mkdir()
    detach = f'{sys.executable} -c \'import os; os.setsid(); print(os.getpid(), file=open("{hidden}", "w"), '
    tool.write_text(
        f'#!/bin/sh\n[ "$1" = venv ] || exit 0\nmkdir -p "$5"\n[ -e {hidden} ] && exit 0\n'
        f'{detach}flush=True); os.execlp("sleep", "sleep", "1000")\'{where} &\n'
        f"while [ ! -s {hidden} ]; do :; done\necho said last\nexit 3\n"
    )
    tool.chmod(0o755)
    lock = write_lock(tmp_path / "code", "")
    environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    environments = Environments(tmp_path / "environments", environ)
    try:
        with pytest.raises(BuildFailed, match=r"\(exit 3\): said last"):
            environments.build(lock, NOW, lambda line: None)
        environments.build(lock, NOW, lambda line: None)
        assert is_alive(int(hidden.read_text()))
    finally:
        os.kill(int(hidden.read_text()), 9)


def test_a_lock_that_stays_held_is_waited_for_as_long_as_a_build_may_take(tmp_path):
    folder = tmp_path / "environments"
    folder.mkdir()
    lock = write_lock(tmp_path / "code", "")
    held = folder / f"{lock.key}.lock"
    with held.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BuildFailed, match=f"fuser {held}"):
            Environments(folder, os.environ, timeout_s=0.0).build(lock, NOW, lambda line: None)


def test_a_build_that_prints_without_end_fills_neither_memory_nor_disk(tmp_path):
    tool = tmp_path / "bin" / "uv"
    tool.parent.mkdir()
    tool.write_text(
        '#!/bin/sh\n[ "$1" = venv ] || exit 0\nmkdir -p "$5"\nhead -c 30000000 /dev/zero | tr "\\0" x\n'
    )
    tool.chmod(0o755)
    lock = write_lock(tmp_path / "code", "")
    environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    longest: list[int] = []
    Environments(tmp_path / "environments", environ).build(lock, NOW, lambda line: longest.append(len(line)))
    assert max(longest) <= 200_000
    assert (tmp_path / "environments" / f"{lock.key}.log").stat().st_size < 11_000_000


def test_packages_beside_a_lock_are_read_only_as_far_as_packages_can_go(tmp_path):
    with (tmp_path / "huge.whl").open("w") as file:
        file.truncate(6_000_000_000)
    with pytest.raises(BadLock, match=r"more than 5,000,000,000 bytes"):
        write_lock(tmp_path, f"{tmp_path}/huge.whl\n")


def test_a_lock_leads_to_no_file_of_the_kernel_which_may_block_who_reads_it(tmp_path):
    (tmp_path / "endless.whl").symlink_to("/proc/kmsg")
    assert write_lock(tmp_path, "./endless.whl\n").local == ()
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).symlink_to("/proc/kmsg")
    assert read_lock(tmp_path, NAME) is not None


# What follows takes root.
if os.getuid() == 0:
    NOBODY = account_of("nobody")

    def test_a_build_runs_as_the_user_of_imports_and_what_it_made_is_no_user_s_to_change():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            tool = folder / "bin" / "uv"
            tool.parent.mkdir()
            tool.write_text(
                '#!/bin/sh\n[ "$1" = venv ] || exit 0\nid -u\nid -G\necho $HOME; touch $HOME/cache\n'
                'mkdir -p "$5/bin"; cp /bin/true "$5/bin/python"; chmod 4755 "$5/bin/python"\n'
                'ln -s /etc/hostname "$5/link"; touch "$5.ready"; chmod 700 "$5"\n'
            )
            tool.chmod(0o755)
            lock = write_lock(folder / "code", "")
            environ = {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
            lines: list[str] = []
            environments = Environments(folder / "environments", environ, account=NOBODY)
            python = environments.build(lock, NOW, lines.append)
            assert lines[0] == str(NOBODY.uid)
            assert lines[1].split() == [str(each) for each in NOBODY.groups]
            assert not Path(lines[2]).exists()
            assert "Permission denied" in lines[3]  # It cannot say by itself that it is ready.
            assert [each.name for each in (folder / "environments").glob("home-*")] == []
            made = [python.parent.parent, python.parent, python]
            assert [(each.stat().st_uid, oct(each.stat().st_mode & 0o7777)) for each in made] == [
                (0, "0o755")
            ] * 3
            assert (python.parent.parent / "link").lstat().st_uid == 0
            assert Path("/etc/hostname").stat().st_uid == 0
