"""A DAG folder that is a git repository: what comes into force, what stays, what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.git_address import read_address
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.operations.trigger import trigger_run
from scheduler.parsing import DagFolder
from scheduler.parsing.git import Mirror, Remote
from scheduler.parsing.git_folder import GitFolder
from scheduler.store.bundles import find_bundle, request_refresh
from scheduler.store.views.fields import bundle_fields
from scheduler.store.views.runs import find_run
from tests.git_server import git_server
from tests.integration.waiting import eventually
from tests.parsing.conftest import Yard
from tests.repository import Repository

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


class Works(Yard):
    """A DAG folder fetched from a repository; each sweep fetches before, a minute after the one before."""

    def __init__(self, db, parser, folder, repository):
        self.repository = repository
        self.options = {}
        super().__init__(db, parser, folder)

    def new_folder(self, **_policy):
        self.place = self.new_place(**self.options)
        return DagFolder(
            db=self.db, parser=self.parser, place=self.place, home=self.home, clock=SystemClock()
        )

    def new_place(self, *, refresh_s=0.0, environ=None, **remote):
        address = read_address(remote.pop("url", self.repository.url))
        return GitFolder(
            db=self.db,
            remote=Remote(address=address, **remote),
            home=self.home,
            clock=SystemClock(),
            environ=environ or os.environ,
            refresh_s=refresh_s,
        )

    def reopen(self, **options):
        """Begin again, as a server that was restarted with these settings."""
        self.folder.close()
        self.options = options
        self.folder = self.new_folder()

    def fetch(self):
        self.now += timedelta(minutes=1)
        return self.place.refresh(self.now)

    def sweep(self):
        self.fetch()
        return self.folder.sweep(self.now)

    @property
    def bundle(self):
        with self.db.read() as session:
            return find_bundle(session)

    def trigger(self, dag_id):
        return self.db.transact(lambda session: trigger_run(session, self.now, dag_id, actor="test"))

    def run(self, ref):
        with self.db.read() as session:
            return find_run(session, ref.dag_id, ref.run_id)

    def fault(self):
        record = self.records().get(".")
        return record.error.message if record and record.error else ""

    def warnings(self):
        record = self.records().get(".")
        return "\n".join(record.warnings) if record else ""

    def texts(self):
        """Return what the commit in force holds, by path."""
        root = self.place.checkout().root
        return {
            path.relative_to(root).as_posix(): path.read_text()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "shop")


@pytest.fixture
def works(migrated_sqlite_db, parser, tmp_path, repository):
    made = Works(migrated_sqlite_db, parser, tmp_path, repository)
    yield made
    made.folder.close()


@pytest.fixture
def works_on_both(db, parser, tmp_path, repository):
    made = Works(db, parser, tmp_path, repository)
    yield made
    made.folder.close()


def test_a_run_keeps_its_commit_while_the_branch_moves_on(works_on_both):
    works, repository = works_on_both, works_on_both.repository
    repository.write_dag("orders.py", "orders", "return 1")
    first = repository.commit("Add the orders")
    works.sweep()
    before = works.trigger("orders")
    repository.write_dag("orders.py", "orders", "return 2")
    second = repository.commit("Count them twice")
    works.sweep()
    after = works.trigger("orders")
    assert (works.run(before).bundle_version, works.run(after).bundle_version) == (first, second)
    assert works.run(before).snapshot_id != works.run(after).snapshot_id
    assert works.dag("orders").bundle_version == second
    bundle = works.bundle
    assert (bundle.version, bundle.subject, bundle.author) == (second, "Count them twice", "Ana")
    assert (bundle.refreshed_at, bundle.error) == (works.now, None)


def test_a_commit_that_changes_no_dag_file_is_that_of_the_next_run_all_the_same(works):
    works.repository.write_dag("orders.py", "orders")
    works.repository.commit()
    works.sweep()
    version = works.dag("orders").version_id
    commit = works.repository.commit("Nothing but a message")
    works.sweep()
    assert works.run(works.trigger("orders")).bundle_version == commit
    assert works.dag("orders").version_id == version


def test_what_goes_back_to_an_older_content_shows_the_newer_commit_and_leaves_old_runs_theirs(works):
    contents = {1: "return 1", 2: "return 2", 3: "return 1"}
    refs, commits = [], []
    for body in contents.values():
        works.repository.write_dag("orders.py", "orders", body)
        commits.append(works.repository.commit())
        works.sweep()
        refs.append(works.trigger("orders"))
    runs = [works.run(ref) for ref in refs]
    assert [run.bundle_version for run in runs] == commits
    assert runs[0].snapshot_id == runs[2].snapshot_id


def test_a_rerun_on_the_code_of_now_has_the_commit_of_now(works):
    works.repository.write_dag("orders.py", "orders", "return 1")
    works.repository.commit()
    works.sweep()
    ref = works.trigger("orders")
    works.repository.write_dag("orders.py", "orders", "return 2")
    commit = works.repository.commit()
    works.sweep()
    request = RerunRequest(dag_id="orders", run_id=ref.run_id, code="now")
    works.db.transact(lambda session: rerun(session, works.now, request, actor="test"))
    assert works.run(ref).bundle_version == commit


def test_a_dag_file_that_broke_keeps_the_commit_in_which_it_was_well(works):
    works.repository.write_dag("orders.py", "orders")
    good = works.repository.commit()
    works.sweep()
    works.repository.write("orders.py", "from scheduler import dag\nraise KeyError('oh')\n")
    works.repository.commit()
    works.sweep()
    assert works.run(works.trigger("orders")).bundle_version == good


def test_a_large_file_that_changes_with_each_commit_is_that_of_the_commit(works):
    for number in range(3):
        works.repository.write("data.csv", f"{number}" * 1_200_000)
        works.repository.write_dag("orders.py", "orders")
        works.repository.commit()
        works.sweep()
    assert works.texts()["data.csv"][0] == "2"
    manifest = works.folder._ledger._contents.manifest
    assert manifest["data.csv"].size == 1_200_000
    assert works.dag("orders").bundle_version == works.bundle.version


def test_only_the_subfolder_is_the_dag_folder(works):
    works.repository.write_dag("pipelines/dags/orders.py", "orders")
    works.repository.write_dag("other.py", "other")
    works.repository.commit()
    works.reopen(subfolder="pipelines/dags")
    works.sweep()
    assert (works.dag_ids(), list(works.texts())) == (["orders"], ["orders.py"])


def test_a_subfolder_that_is_not_there_is_named(works):
    commit = works.repository.commit()
    works.reopen(subfolder="pipelines")
    works.sweep()
    assert f"There is no folder 'pipelines' in commit {commit[:10]}" in works.fault()


@pytest.mark.parametrize("kind", ["branch", "tag", "commit"])
def test_the_ref_may_be_a_branch_a_tag_or_a_commit(works, kind):
    works.repository.write("a.txt", "one")
    first = works.repository.commit()
    works.repository.git("branch", "release/2")
    works.repository.git("tag", "--annotate", "v1", "-m", "One")
    works.repository.write("a.txt", "two")
    works.repository.commit()
    works.reopen(ref={"branch": "release/2", "tag": "v1", "commit": first}[kind])
    works.sweep()
    assert (works.bundle.version, works.texts()) == (first, {"a.txt": "one"})


def test_a_branch_that_was_rewritten_is_followed(works):
    works.repository.write("a.txt", "one")
    works.repository.commit()
    works.sweep()
    works.repository.write("a.txt", "other")
    commit = works.repository.commit(amend=True)
    works.sweep()
    assert (works.bundle.version, works.texts()) == (commit, {"a.txt": "other"})


def test_a_ref_that_vanished_is_an_error_that_names_it_and_leaves_all_in_force(works):
    works.repository.write_dag("orders.py", "orders")
    works.repository.git("checkout", "--quiet", "-b", "release")
    commit = works.repository.commit()
    works.reopen(ref="release")
    works.sweep()
    works.repository.git("checkout", "--quiet", "-b", "main")
    works.repository.git("branch", "--quiet", "-D", "release")
    works.sweep()
    assert "There is no branch or tag 'release' in" in works.fault()
    assert works.bundle.error == works.fault()
    assert works.bundle.error_since == works.now
    assert (works.dag_ids(), works.dag("orders").bundle_version) == (["orders"], commit)
    assert works.run(works.trigger("orders")).bundle_version == commit
    works.repository.git("branch", "release")
    works.sweep()
    assert (works.fault(), works.bundle.error) == ("", None)


def test_a_repository_that_does_not_answer_retires_nothing_after_a_restart(works):
    works.repository.write_dag("orders.py", "orders")
    commit = works.repository.commit()
    works.sweep()
    works.repository.folder.rename(works.repository.folder.with_name("gone"))
    works.reopen()
    works.sweep()
    assert "does not appear to be a git repository" in works.fault()
    assert works.place.checkout().version == commit
    assert works.dag_ids() == ["orders"]


def test_a_home_that_missed_a_commit_waits_for_its_own_fetch(works, tmp_path):
    """Another scheduler led meanwhile, on another host: its commit is in force."""
    works.repository.write_dag("orders.py", "orders", "return 1")
    works.repository.commit()
    works.sweep()
    works.repository.write_dag("orders.py", "orders", "return 2")
    newer = works.repository.commit()
    own, works.home = works.home, tmp_path / "other-home"
    works.reopen()
    works.sweep()
    works.home = own
    works.reopen()
    works.place._open()
    assert works.place.checkout() is None
    works.sweep()
    assert works.dag("orders").bundle_version == newer


def test_nothing_is_said_before_the_first_fetch_has_ended(works):
    assert works.place.checkout() is None
    assert works.folder.sweep(works.now) == 0
    assert works.records() == {}


def test_files_that_were_deleted_in_the_repository_retire_their_dags(works):
    works.repository.write_dag("orders.py", "orders")
    works.repository.write_dag("refunds.py", "refunds")
    works.repository.commit()
    works.sweep()
    (works.repository.folder / "refunds.py").unlink()
    works.repository.commit()
    works.sweep()
    assert works.dag("refunds").retired_at == works.now
    assert works.dag("orders").retired_at is None


def test_commits_that_are_no_longer_in_force_are_deleted_after_a_while(works):
    for number in range(3):
        works.repository.write("a.txt", str(number))
        works.repository.commit()
        works.sweep()
    trees = works.home / "bundles" / "dags-folder" / "trees"
    assert len([each for each in trees.iterdir() if each.is_dir()]) == 3
    works.now = SystemClock().now() + timedelta(hours=2)
    works.sweep()
    assert [each.name for each in trees.iterdir() if each.is_dir()] == [works.bundle.version]
    assert works.texts() == {"a.txt": "2"}


# --- What a repository may hold -------------------------------------------------------------------------------------


def test_submodules_and_large_file_pointers_are_named(works):
    works.repository.write("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    commit = works.repository.commit()
    works.repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendor/lib")
    works.repository.git("commit", "--quiet", "-m", "Add a submodule")
    works.sweep()
    assert "'model.bin' is kept by Git LFS, which is not supported" in works.warnings()
    assert "'vendor/lib' is a submodule, which is not supported" in works.warnings()


def test_links_are_followed_inside_the_folder_and_never_out_of_it(works, tmp_path):
    (tmp_path / "secret.txt").write_text("hush")
    works.repository.write("data/real.txt", "here")
    for name, target in {
        "near.txt": "data/real.txt",
        "far.txt": str(tmp_path / "secret.txt"),
        "up.txt": "../../../../../../secret.txt",
        "home": "../../../..",
        "round": "round",
        "by.txt": "home/secret.key",
    }.items():
        (works.repository.folder / name).symlink_to(target)
    works.repository.commit()
    works.sweep()
    assert works.texts() == {"data/real.txt": "here", "near.txt": "here"}
    for name in ("far.txt", "up.txt", "home", "round", "by.txt"):
        assert f"'{name}' is a link that leads out of the folder" in works.warnings()


def test_a_path_that_leads_elsewhere_is_refused_with_all_that_comes_with_it(works, tmp_path):
    hash_ = works.repository.git("hash-object", "-w", "--stdin", given=b"evil")
    inner = works.repository.git("mktree", given=f"100644 blob {hash_}\tescaped.txt\n".encode())
    raw = bytes.fromhex(inner)
    tree = works.repository.git(
        "hash-object", "-t", "tree", "-w", "--stdin", "--literally", given=b"40000 ..\0" + raw
    )
    commit = works.repository.git("commit-tree", tree, "-m", "Climb out")
    works.repository.git("update-ref", "refs/heads/main", commit)
    works.sweep()
    assert "holds a path that leads elsewhere" in works.fault()
    assert not list(tmp_path.rglob("escaped.txt"))


def bomb(repository, leaf, levels):
    """Commit a few objects that stand for ten to the power of `levels` files."""
    hash_, kind = repository.git("hash-object", "-w", "--stdin", given=leaf), "100644 blob"
    for _ in range(levels):
        lines = "".join(f"{kind} {hash_}\t{name}\n" for name in range(10))
        hash_, kind = repository.git("mktree", given=lines.encode()), "040000 tree"
    commit = repository.git("commit-tree", hash_, "-m", "Grow")
    repository.git("update-ref", "refs/heads/main", commit)


@pytest.mark.parametrize(
    ("leaf", "levels", "words"),
    [(b"", 12, "holds too many files"), (b"x" * 1_000_000, 4, "have 10,000,000,000 bytes together")],
)
def test_a_small_repository_of_endless_content_fills_neither_memory_nor_disk(works, leaf, levels, words):
    works.repository.write_dag("shop.py", "shop")
    works.repository.commit()
    works.sweep()
    bomb(works.repository, leaf, levels)
    works.sweep()
    assert words in works.fault()
    assert list(works.texts()) == ["shop.py"]


def test_no_hook_no_filter_and_no_attribute_of_a_repository_is_obeyed(works, tmp_path):
    witness = tmp_path / "ran"
    works.repository.write(".gitattributes", "*.txt filter=evil export-ignore eol=crlf\n")
    works.repository.write("a.txt", "one\n")
    works.repository.commit()
    config = tmp_path / "home.gitconfig"
    config.write_text(
        f'[filter "evil"]\n\tsmudge = touch {witness}\n[core]\n\thooksPath = {tmp_path}/hooks\n'
    )
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {witness}\n")
        (hooks / name).chmod(0o755)
    home = tmp_path / "person"
    home.mkdir()
    config.rename(home / ".gitconfig")
    works.reopen(environ={**os.environ, "HOME": str(home)})
    works.sweep()
    assert works.texts()["a.txt"] == "one\n"
    assert not witness.exists()


# --- How it is fetched ----------------------------------------------------------------------------------------------


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
from scheduler.parsing.git import Remote
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
