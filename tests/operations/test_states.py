"""State between attempts: what running tasks ask for, and what people do with it."""

from datetime import timedelta

import pytest

from scheduler.clock import SystemClock
from scheduler.dispatch.jobs import job_of
from scheduler.errors import BadName, Conflict, NotFound
from scheduler.operations.answers import Answers
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.operations.states import (
    read_asset_states,
    read_state,
    read_states,
    remove_asset_states,
    remove_states,
    set_asset_state,
    set_state,
)
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store.assets import put_assets
from scheduler.store.events import list_events
from scheduler.store.runs import find_run
from scheduler.wire import STATE_NEVER_EXPIRES
from tests.loop.engine import Engine, spec, task

TASK = ("orders", "first", "load")


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    engine.define(spec(task("load")))
    engine.trigger(run_id="first", logical_date=engine.now)
    engine.advance()
    return engine


@pytest.fixture
def ask(engine):
    return Answers(engine.db, FernetCipher(SecretKey(("k" * 32,))), SystemClock(), state_days=30)


@pytest.fixture
def start(engine, tmp_path):
    """Have a worker claim the task: its claim, and its job."""

    def claim():
        [claim] = engine.claim()
        with engine.db.read() as session:
            return claim, job_of(claim, engine.graphs.get(session, claim.version_id), tmp_path)

    return claim


def _rows(engine):
    with engine.db.read() as session:
        return {row.key: row for row in read_states(session, engine.now, *TASK)}


def test_the_next_attempt_after_a_lost_one_finds_what_was_kept(ask, start, engine):
    claim, job = start()
    ask(job, "set_state", {"key": "job", "value": "j-1"})
    ask(job, "set_state", {"key": "progress", "value": {"page": 3}})
    engine.report(claim, state="lost", reason="its worker died")
    engine.advance()
    _, again = start()
    assert ask(again, "get_state", {"key": "job"}) == "j-1"
    assert ask(again, "state_keys", {}) == ["job", "progress"]
    ask(again, "delete_state", {"key": "job"})
    assert ask(again, "get_state", {"key": "job"}) is None
    ask(again, "delete_state", {"key": None})
    assert ask(again, "state_keys", {}) == []
    with pytest.raises(Conflict, match="no longer the live one"):
        ask(job, "set_state", {"key": "job", "value": "late"})
    with pytest.raises(Conflict, match="no longer the live one"):
        ask(job, "delete_state", {"key": None})


def test_a_cleared_task_finds_what_was_kept(ask, start, engine):
    claim, job = start()
    ask(job, "set_state", {"key": "job", "value": "j-1"})
    engine.report(claim)
    request = RerunRequest(dag_id="orders", run_id="first", tasks=("load",))
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="user:ada"))
    engine.advance()
    assert ask(start()[1], "get_state", {"key": "job"}) == "j-1"


def test_a_state_expires_as_the_setting_says_unless_the_task_says_when(ask, start, engine):
    job = start()[1]
    for key, retention in (("usual", None), ("short", 3600), ("ever", STATE_NEVER_EXPIRES)):
        ask(job, "set_state", {"key": key, "value": 1, "retention": retention})
    rows = _rows(engine)
    assert rows["ever"].expires_at is None
    assert rows["short"].expires_at == rows["short"].updated_at + timedelta(hours=1)
    assert rows["usual"].expires_at == rows["usual"].updated_at + timedelta(days=30)


def test_a_state_of_an_asset_is_found_by_every_task(ask, start):
    job = start()[1]
    ask(job, "set_state", {"asset": "s3://orders", "key": "watermark", "value": 7})
    assert ask(job, "get_state", {"asset": "s3://orders", "key": "watermark"}) == 7
    assert ask(job, "get_state", {"key": "watermark"}) is None
    assert ask(job, "state_keys", {"asset": "s3://orders"}) == ["watermark"]


@pytest.mark.parametrize("key", ["", " a", "a\nb", "k" * 251])
def test_a_key_that_cannot_be_one_is_refused(ask, start, key):
    with pytest.raises(BadName, match="state key"):
        ask(start()[1], "set_state", {"key": key, "value": 1})


def test_people_read_set_and_delete_what_a_task_keeps(ask, start, engine):
    job = start()[1]
    engine.db.transact(lambda session: set_state(session, engine.now, *TASK, "page", 4, actor="user:ada"))
    assert ask(job, "get_state", {"key": "page"}) == 4
    with engine.db.read() as session:
        assert read_state(session, engine.now, *TASK, "page").value == 4
        with pytest.raises(NotFound, match="state key 'none'"):
            read_state(session, engine.now, *TASK, "none")
    for key in ("page", None):
        engine.db.transact(
            lambda session, key=key: remove_states(session, engine.now, *TASK, key, actor="cli")
        )
    with pytest.raises(NotFound):
        engine.db.transact(lambda session: remove_states(session, engine.now, *TASK, "page", actor="cli"))
    with pytest.raises(NotFound):
        engine.db.transact(
            lambda session: set_state(session, engine.now, *TASK, "k", 1, path="3", actor="cli")
        )
    with engine.db.read() as session:
        run = find_run(session, "orders", "first")
        assert run is not None
        told = [each for _, each in list_events(session, run.id) if each.kind == "task.kept"]
    assert [(each.actor, each.reason) for each in told] == [
        ("user:ada", "state 'page' was set"),
        ("cli", "state 'page' was deleted"),
        ("cli", "all of its state was deleted"),
    ]


def test_an_asset_that_is_known_is_named_by_its_uri_too(ask, start, engine):
    job = start()[1]
    with engine.db.write() as session:
        put_assets(session, engine.now, [{"asset": "orders", "uri": "s3://orders"}])
    ask(job, "set_state", {"asset": "s3://orders", "key": "watermark", "value": 7})
    assert ask(job, "get_state", {"asset": "orders", "key": "watermark"}) == 7
    engine.db.transact(
        lambda session: set_asset_state(session, engine.now, "orders", "watermark", 8, actor="cli")
    )
    assert ask(job, "get_state", {"asset": "s3://orders", "key": "watermark"}) == 8
    with engine.db.read() as session:
        [row] = read_asset_states(session, engine.now, "orders")
    assert (row.value, row.updated_by) == (8, "cli")
    for key in ("watermark", None):
        engine.db.transact(
            lambda session, key=key: remove_asset_states(session, engine.now, "orders", key, actor="cli")
        )
    with pytest.raises(NotFound):
        engine.db.transact(
            lambda session: remove_asset_states(session, engine.now, "orders", "watermark", actor="cli")
        )
