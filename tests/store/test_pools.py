import pytest

from scheduler.errors import Conflict, NotFound
from scheduler.store import pools
from scheduler.store.pools import Pool


def test_a_pool_is_made_changed_and_deleted(db, write):
    write(pools.put_pool, Pool("etl", 4, "the warehouse takes four"))
    write(pools.put_pool, Pool("etl", 5))
    with db.read() as session:
        assert pools.list_pools(session)[1:] == [Pool("etl", 5, "")]
    write(pools.delete_pool, "etl")
    with pytest.raises(NotFound, match="There is no pool 'etl'"):
        write(pools.delete_pool, "etl")


def test_a_changed_pool_wakes_whoever_admits_tasks(db, write):
    db.wake.wait(0)
    write(pools.put_pool, Pool("etl", 4))
    assert db.wake.wait(0)


def test_a_negative_pool_is_refused(write):
    with pytest.raises(Conflict, match="'etl' cannot have -1 slots"):
        write(pools.put_pool, Pool("etl", -1))


def test_the_default_pool_cannot_be_deleted(write):
    with pytest.raises(Conflict, match="Give it 0 slots"):
        write(pools.delete_pool, "default_pool")
