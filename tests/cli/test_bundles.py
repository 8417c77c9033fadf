"""`dirigent bundles`, and what `dirigent doctor` says of a repository."""

import pytest

from scheduler.clock import SystemClock
from scheduler.store import Database
from scheduler.store.bundles import Fetched, Source, note_failed, note_fetched, open_bundle

URL = "https://git.shop.test/dags.git"
COMMIT = "4f3a" * 10


@pytest.fixture
def fetched(dirigent, monkeypatch):
    dirigent("db", "upgrade")
    monkeypatch.setenv("DIRIGENT_DAGS_GIT_URL", URL)
    db = Database("sqlite:///.dirigent/dirigent.db")
    now = SystemClock().now()
    db.transact(lambda session: open_bundle(session, Source(url=URL, ref="main")))
    db.transact(
        lambda session: note_fetched(session, now, Fetched(version=COMMIT, subject="Add orders"), None)
    )
    yield lambda error: db.transact(lambda session: note_failed(session, now, error))
    db.close()


def checked(dirigent):
    found = {each["check"]: each for each in dirigent("doctor", "-o", "json").json}
    return found["dags folder"]["is_ok"], found["dags folder"]["finding"]


def test_the_commit_in_force_is_listed(dirigent, fetched):
    said = dirigent("bundles", "list", "-o", "json")
    assert said.code == 0
    (bundle,) = said.json
    assert (bundle["version"], bundle["subject"], bundle["error"]) == (COMMIT, "Add orders", None)
    assert checked(dirigent) == (True, f"{URL} at main: commit {COMMIT[:10]} is in force")


def test_a_failed_fetch_is_an_exit_code_and_a_finding(dirigent, fetched):
    fetched("no route to git.shop.test.")
    assert dirigent("bundles", "list").code == 1
    assert checked(dirigent) == (
        False,
        f"no route to git.shop.test. Meanwhile commit {COMMIT[:10]} is in force.",
    )


def test_a_refresh_is_asked_for(dirigent, fetched):
    assert dirigent("bundles", "refresh").out.startswith("The repository is looked at.")


def test_without_a_repository_there_is_none_to_refresh(dirigent):
    dirigent("db", "upgrade")
    assert dirigent("bundles", "list", "-o", "json").json == []
    assert "dags_git_url names one" in dirigent("bundles", "list").err
    said = dirigent("bundles", "refresh")
    assert (said.code, "Set DIRIGENT_DAGS_GIT_URL" in said.err) == (1, True)


def test_a_missing_git_is_a_finding(dirigent, fetched, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    is_ok, finding = checked(dirigent)
    assert (is_ok, "install it" in finding) == (False, True)
