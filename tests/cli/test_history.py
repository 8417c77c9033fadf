"""`dirigent history`."""

from __future__ import annotations

import gzip
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from scheduler.cli.invocation import Invocation
from scheduler.store.run_ends import count_runs
from scheduler.store.tables import dag_run
from tests.operations.plays import started_run
from tests.store.specs import NOW


@pytest.fixture(autouse=True)
def runs(dirigent):
    """Three runs that ended long ago."""
    dirigent("db", "upgrade")
    db = Invocation().db
    for number in range(3):
        db.transact(partial(started_run, run_id=f"r{number}", ended="success"))
    db.transact(lambda session: count_runs(session, NOW + timedelta(days=1), 10))
    with db.write() as session:
        session.execute(sa.update(dag_run).values(logical_date=None))
    yield
    db.close()


def test_old_runs_are_previewed_archived_and_deleted(dirigent, project):
    said = dirigent("history", "prune", "--keep", "1", "--dry-run", "-o", "json")
    assert said.json == [{"dag_id": "shop", "runs": 2}]
    assert said.err == "2 runs with 6 tasks would be deleted.\n"

    said = dirigent("history", "prune", "--keep", "1", "--archive", f"file://{project}/old")
    assert said.err == "2 runs with 6 tasks were deleted; 1 files archived.\n"
    [file] = project.glob("old/*/runs-*.jsonl.gz")
    assert gzip.decompress(file.read_bytes()).count(b"\n") == 2
    assert dirigent("history", "prune", "--keep", "1", "-o", "json").json == []


def test_without_a_policy_nothing_is_deleted(dirigent):
    said = dirigent("history", "prune")
    assert said.code == 2
    assert "Nothing says what is old: give --days or --keep, or set DIRIGENT_HISTORY_DAYS." in said.err


@pytest.mark.parametrize("option", ["--days", "--keep"])
def test_a_bound_of_nothing_is_refused_by_name(dirigent, option):
    said = dirigent("history", "prune", option, "0")
    assert (said.code, f"Invalid value for '{option}'" in said.err) == (2, True)


def test_the_settings_say_what_is_old(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_HISTORY_RUNS_PER_DAG", "1")
    assert dirigent("history", "prune", "--dry-run", "-o", "json").json == [{"dag_id": "shop", "runs": 2}]
    monkeypatch.setenv("DIRIGENT_HISTORY_DAYS_OF", "shop")
    assert "write 'shop' like orders=30: a DAG or a pattern, and days" in dirigent("history", "prune").err
