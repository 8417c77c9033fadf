import pytest

from scheduler.errors import NotFound
from scheduler.operations.pause import set_paused
from scheduler.store import dags
from tests.store.specs import NOW, add_dag, spec


def test_only_what_changed_is_returned(db, write):
    write(add_dag, spec("a"), is_paused=True)
    write(add_dag, spec("b"))
    assert write(set_paused, NOW, ["a", "b"], is_paused=True, actor="cli") == ["b"]
    assert write(set_paused, NOW, ["a", "b"], is_paused=False, actor="cli") == ["a", "b"]
    with db.read() as session:
        assert not any(each.is_paused for each in dags.list_dags(session))


def test_an_unknown_dag_is_told_and_nothing_is_paused(db, write):
    write(add_dag, spec("a"))
    with pytest.raises(NotFound, match="There is no DAG 'z'"):
        write(set_paused, NOW, ["a", "z"], is_paused=True, actor="cli")
    with db.read() as session:
        assert not dags.get_dag(session, "a").is_paused
