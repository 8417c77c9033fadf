import pytest
import sqlalchemy as sa

from scheduler.errors import BadName, Conflict, NotFound
from scheduler.operations.pools import remove_pool, set_pool
from scheduler.store import pools
from scheduler.store.pools import Pool
from scheduler.store.tables import event
from tests.store.specs import NOW


def events(db):
    with db.read() as session:
        return [tuple(row) for row in session.execute(sa.select(event.c.kind, event.c.actor, event.c.reason))]


def test_a_pool_keeps_its_description_when_its_size_changes(db, write):
    write(set_pool, NOW, "etl", 4, description="the warehouse takes four", actor="cli")
    assert write(set_pool, NOW, "etl", 5, actor="cli") == Pool("etl", 5, "the warehouse takes four")
    write(set_pool, NOW, "etl", 0, description="", actor="cli")
    assert write(pools.find_pool, "etl") == Pool("etl", 0, "")
    write(set_pool, NOW, "etl", 1, include_deferred=True, actor="cli")
    assert write(set_pool, NOW, "etl", 2, actor="cli").include_deferred


@pytest.mark.parametrize("slots", [-1, 10**30])
def test_a_size_that_cannot_be_is_refused(write, slots):
    with pytest.raises(Conflict, match=r"slots; give 0 to 1,000,000,000\."):
        write(set_pool, NOW, "etl", slots, actor="cli")


def test_each_change_is_an_event_with_its_actor_and_wakes_who_admits(db, write):
    db.wake.wait(0)
    write(set_pool, NOW, "etl", 4, actor="user:ada")
    assert db.wake.wait(0)
    write(remove_pool, NOW, "etl", actor="cli")
    assert db.wake.wait(0)
    assert events(db) == [("pool.set", "user:ada", "etl: 4 slots"), ("pool.deleted", "cli", "etl")]


def test_what_is_refused_leaves_nothing_behind(db, write):
    with pytest.raises(Conflict, match="'etl' cannot have -1 slots"):
        write(set_pool, NOW, "etl", -1, actor="cli")
    with pytest.raises(Conflict, match="'default_pool' cannot be deleted"):
        write(remove_pool, NOW, "default_pool", actor="cli")
    with pytest.raises(NotFound, match="There is no pool 'etl'"):
        write(remove_pool, NOW, "etl", actor="cli")
    assert events(db) == []
    assert [each.name for each in write(pools.list_pools)] == ["default_pool"]


@pytest.mark.parametrize("name", ["", " etl", "a\nb", "a" * 251])
def test_a_name_that_no_task_could_write_is_refused(write, name):
    with pytest.raises(BadName, match="use 1 to 250 printable characters"):
        write(set_pool, NOW, name, 1, actor="cli")


def test_a_pool_may_have_any_name_that_a_task_may_ask_for(write):
    assert write(set_pool, NOW, "große Lager / 2", 1, actor="cli").slots == 1
