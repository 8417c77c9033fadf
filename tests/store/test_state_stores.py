from datetime import timedelta

import pytest

from scheduler.errors import Conflict, NotSerializable, TooLarge
from scheduler.store import state_stores
from scheduler.store.state_stores import MOST_KEYS, AssetScope, TaskScope
from scheduler.wire import STATE_LIMIT
from tests.operations.plays import started_run
from tests.store.specs import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def task(write):
    return TaskScope(write(started_run).run_pk, "a", "")


def _keys(db, scope, now=NOW):
    with db.read() as session:
        return [each.key for each in state_stores.list_states(session, now, scope)]


def _shown(db, scope):
    with db.read() as session:
        return {each.key: each.value for each in state_stores.list_states(session, NOW, scope)}


def _get(db, scope, key, now=NOW):
    with db.read() as session:
        return state_stores.get_state(session, now, scope, key)


@pytest.mark.parametrize("scope", [None, AssetScope("orders")], ids=["task", "asset"])
def test_a_state_is_kept_replaced_and_deleted(db, write, task, scope):
    scope = scope or task
    for value in ({"page": 1}, {"page": 2, "ünï \u0000": None}):
        write(state_stores.put_state, NOW, scope, "progress", value)
    write(state_stores.put_state, NOW, scope, "job", "j-1")
    assert _get(db, scope, "progress") == {"page": 2, "ünï \u0000": None}
    assert _keys(db, scope) == ["job", "progress"]
    assert write(state_stores.delete_states, scope, "job") == 1
    assert write(state_stores.delete_states, scope) == 1
    assert _get(db, scope, "progress") is None


@pytest.mark.parametrize("scope", [None, AssetScope("orders")], ids=["task", "asset"])
def test_people_see_what_is_kept_without_its_secrets_and_tasks_as_it_is(db, write, task, scope):
    scope = scope or task
    write(state_stores.put_state, NOW, scope, "login", "hunter22", shown='"***"')
    write(state_stores.put_state, NOW, scope, "pin", [123456], shown="[***]")
    assert (_get(db, scope, "login"), _get(db, scope, "pin")) == ("hunter22", [123456])
    assert _shown(db, scope) == {"login": "***", "pin": "[***]"}
    write(state_stores.put_state, NOW, scope, "pin", 7)
    assert _shown(db, scope) == {"login": "***", "pin": 7}


def test_instances_and_assets_keep_theirs_apart(db, write, task):
    mapped = TaskScope(task.run_pk, "a", "3")
    for place, scope in enumerate((task, mapped, AssetScope("a"), AssetScope("b"))):
        write(state_stores.put_state, NOW, scope, "n", place)
    assert [_get(db, scope, "n") for scope in (task, mapped, AssetScope("a"), AssetScope("b"))] == [
        0,
        1,
        2,
        3,
    ]


def test_what_has_expired_is_gone_at_once_and_swept_away_later(db, write, task):
    write(state_stores.put_state, NOW, task, "short", 1, expires_at=NOW + HOUR)
    write(state_stores.put_state, NOW, task, "long", 2, expires_at=NOW + 3 * HOUR)
    write(state_stores.put_state, NOW, task, "ever", 3)
    assert _keys(db, task) == ["ever", "long", "short"]
    assert (_keys(db, task, NOW + HOUR), _get(db, task, "short", NOW + HOUR)) == (["ever", "long"], None)
    assert write(state_stores.delete_expired, NOW + 2 * HOUR, 10) == 1
    assert write(state_stores.delete_expired, NOW + 4 * HOUR, 10) == 1
    assert _keys(db, task) == ["ever"]


def test_a_state_that_is_too_large_or_no_json_is_refused(write, task):
    with pytest.raises(TooLarge, match=r"'big'.*its path here"):
        write(state_stores.put_state, NOW, task, "big", "x" * STATE_LIMIT)
    with pytest.raises(NotSerializable, match="'odd' is not JSON"):
        write(state_stores.put_state, NOW, task, "odd", float("nan"))


def test_there_are_only_so_many_keys(db, write, task):
    def fill(session):
        for number in range(MOST_KEYS):
            state_stores.put_state(session, NOW, task, f"k{number}", number)

    db.transact(fill)
    write(state_stores.put_state, NOW, task, "k0", "again")
    with pytest.raises(Conflict, match="'more' would be one more"):
        write(state_stores.put_state, NOW, task, "more", 1)
