"""How a repository is fetched: with which git, with whose password, and what a kill leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from scheduler.parsing.git import Mirror
from scheduler.store.bundles import request_refresh
from scheduler.store.views.fields import bundle_fields
from tests.git_server import git_server
from tests.integration.waiting import eventually

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def test_a_missing_git_says_what_to_install(works):
    works.repository.commit()
    works.reopen(environ={"PATH": "/nowhere"})
    works.sweep()
    assert "There is no `git` on the PATH: install it" in works.fault()


def test_a_fetch_that_takes_too_long_is_ended_with_its_helpers(works, tmp_path):
    works.repository.commit()
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 1000\n")
    slow.chmod(0o755)
    works.reopen(environ={"PATH": f"{slow.parent}:{os.environ['PATH']}"}, timeout_s=0.2)
    works.sweep()
    assert "took longer than 0.2 s" in works.fault()


def test_the_password_is_in_no_argument_and_no_message(works, tmp_path):
    told = tmp_path / "told"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        f"""#!/bin/sh
        echo "$@" >> {told}
        env >> {told}.env
        echo "fatal: no hush-hush%2F1 here, hush-hush/1" >&2
        exit 128
        """
    )
    fake.chmod(0o755)
    works.reopen(
        url="https://ana:hush-hush%2F1@git.shop.test/dags.git",
        environ={"PATH": f"{fake.parent}:{os.environ['PATH']}", "DIRIGENT_SECRET_KEY": "k" * 32},
    )
    works.sweep()
    assert (
        "hush" not in told.read_text() + works.fault() + str(bundle_fields(works.bundle)) + works.bundle.url
    )
    given = (tmp_path / "told.env").read_text()
    assert "CODE_PASSWORD=hush-hush/1" in given
    assert "GIT_ALLOW_PROTOCOL=https" in given
    assert "DIRIGENT_" not in given


def test_a_token_opens_a_repository_and_is_sent_to_its_host_alone(works, tmp_path):
    works.repository.write("a.txt", "private")
    commit = works.repository.commit()
    with git_server(tmp_path, "x-access-token", "hush-hush/1") as server:
        url = f"{server.url}/shop/.git"
        works.reopen(url=url, token="hush-hush/1")
        works.sweep()
        assert (works.fault(), works.bundle.version, works.texts()) == ("", commit, {"a.txt": "private"})
        works.reopen(url=url, token="wrong")
        works.sweep()
        assert "Authentication failed" in works.fault()
        assert "Check DIRIGENT_DAGS_GIT_TOKEN" in works.fault()
        works.reopen(url=url)
        works.sweep()
        assert "could not read Username" in works.fault()
        with git_server(tmp_path, "x-access-token", "hush-hush/1") as thief:
            server.leads_to = thief.url
            works.reopen(url=url, token="hush-hush/1")
            works.sweep()
            assert works.fault()
            assert set(thief.seen) == {""}
    assert works.place.checkout().version == commit


def test_a_damaged_copy_is_fetched_anew(works):
    works.repository.write("a.txt", "one")
    works.repository.commit()
    works.sweep()
    copy = works.home / "bundles" / "dags-folder" / "repository.git"
    for pack in (copy / "objects").rglob("*"):
        if pack.is_file():
            pack.chmod(0o644)
            pack.write_bytes(b"rubbish")
    works.repository.write("a.txt", "two")
    commit = works.repository.commit()
    works.sweep()
    assert (works.fault(), works.bundle.version, works.texts()) == ("", commit, {"a.txt": "two"})


_DIES = """
import os, sys
from pathlib import Path
from scheduler.clock import SystemClock
from scheduler.git_address import read_address
from scheduler.parsing.git_remote import Remote
from scheduler.parsing.git_folder import GitFolder
from scheduler.store import Database, migrate

home, url, commits = sys.argv[1:]
db = Database(f"sqlite:///{home}/dirigent.db")
migrate.upgrade(db)
place = GitFolder(
    db=db, remote=Remote(address=read_address(url)), home=Path(home), clock=SystemClock(), environ=os.environ
)
place.refresh(SystemClock().now())
"""


@pytest.mark.parametrize("spot", ["bundle-fetched", "bundle-written"])
def test_a_kill_between_fetch_and_switch_leaves_the_commit_before_in_force(works, tmp_path, spot):
    works.repository.write("a.txt", "one")
    first = works.repository.commit()
    works.sweep()
    works.repository.write("a.txt", "two")
    second = works.repository.commit()
    killed = subprocess.run(
        [sys.executable, "-c", _DIES, str(works.home), works.repository.url, ""],
        env={**os.environ, "DIRIGENT_TEST_FAILPOINTS": f"{spot}=crash"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    (works.home / "bundles" / "dags-folder" / "repository.git" / "shallow.lock").touch()
    works.reopen()
    works.place._open()
    assert (works.place.checkout().version, works.texts()) == (first, {"a.txt": "one"})
    works.sweep()
    assert (works.place.checkout().version, works.texts()) == (second, {"a.txt": "two"})


def test_a_fetch_of_another_process_in_the_same_home_is_waited_for(works):
    works.repository.commit()
    works.sweep()
    other = Mirror(works.home / "bundles" / "dags-folder" / "repository.git", works.place._remote, os.environ)
    with other.held():
        assert works.fetch() is False
        assert works.fault() == ""
    works.repository.write("a.txt", "new")
    works.repository.commit()
    assert works.fetch() is True


def test_who_asks_for_a_look_need_not_wait_for_the_next_one(works):
    works.repository.write_dag("orders.py", "orders", "return 1")
    works.repository.commit()
    works.folder.start()
    eventually(works.dag_ids)
    works.repository.write_dag("orders.py", "orders", "return 2")
    commit = works.repository.commit()
    works.db.transact(lambda session: request_refresh(session, NOW, "test"))
    eventually(lambda: works.dag("orders").bundle_version == commit)
