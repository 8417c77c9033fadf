"""A DAG folder that is a git repository: what comes into force, what stays, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.operations.rerun import RerunRequest, rerun

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


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
