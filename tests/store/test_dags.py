from datetime import timedelta

import pytest

from scheduler.core.timetables import Due
from scheduler.errors import NotFound
from scheduler.store import dags, snapshots
from scheduler.store.agenda import read_agenda
from scheduler.store.tables import event
from tests.store.specs import NOW, add_dag, spec


def _due(at):
    return Due(at, at, at, at)


def test_a_parsed_dag_is_found_with_its_tags(db, write):
    version = write(add_dag, spec(tags=("etl", "daily"), owner="ada", description="Sells."))
    with db.read() as session:
        found = dags.get_dag(session, "shop")
        assert dags.load_tags(session, ["shop"]) == {"shop": ("daily", "etl")}
        assert [each.dag_id for each in dags.list_dags(session, tag="etl")] == ["shop"]
        assert dags.list_dags(session, tag="other") == []
    assert (found.version_id, found.owner, found.description) == (version.id, "ada", "Sells.")
    assert (found.is_paused, found.retired_at, found.last_parsed_at) == (False, None, NOW)


def test_a_dag_that_is_parsed_again_stays_paused_as_people_left_it(db, write):
    write(add_dag)
    write(dags.set_paused, NOW, ["shop"], is_paused=True, actor="user:ada")
    later = NOW + timedelta(hours=1)
    write(add_dag, spec(owner="bob", tags=("new",)), now=later, is_paused=False)
    with db.read() as session:
        found = dags.get_dag(session, "shop")
        assert dags.load_tags(session, ["shop"]) == {"shop": ("new",)}
    assert (found.is_paused, found.owner, found.created_at, found.last_parsed_at) == (True, "bob", NOW, later)


def test_pausing_returns_only_what_changed_and_writes_an_event_each(db, write):
    write(add_dag)
    write(add_dag, spec("other"))
    assert write(dags.set_paused, NOW, ["shop"], is_paused=True, actor="user:ada") == ["shop"]
    assert write(dags.set_paused, NOW, ["shop", "other"], is_paused=True, actor="user:ada") == ["other"]
    with db.read() as session:
        rows = session.execute(event.select().where(event.c.kind == "dag.paused").order_by(event.c.id)).all()
    assert [(row.dag_id, row.actor) for row in rows] == [("shop", "user:ada"), ("other", "user:ada")]


def test_a_retired_dag_keeps_its_row_and_comes_back_when_parsed_again(db, write):
    write(add_dag)
    write(dags.set_next_dues, {"shop": _due(NOW)})
    assert write(dags.retire_dags, NOW, ["shop", "unknown"]) == ["shop"]
    assert write(dags.retire_dags, NOW, ["shop"]) == []
    with db.read() as session:
        assert dags.list_dags(session) == []
        assert dags.get_dag(session, "shop").retired_at == NOW
        assert dags.get_dag(session, "shop").next_run_at is None
        assert dags.owners(session, ["shop"]) == {}
    write(add_dag)
    with db.read() as session:
        assert [each.dag_id for each in dags.list_dags(session)] == ["shop"]
        assert dags.owners(session, ["shop", "unknown"]) == {"shop": "shop.py"}


def test_due_dags_come_oldest_first_and_neither_paused_nor_future_nor_retired(write):
    for dag_id, hours in (("newer", -1), ("older", -2), ("future", 1), ("paused", -3), ("gone", -4)):
        write(add_dag, spec(dag_id))
        write(dags.set_next_dues, {dag_id: _due(NOW + timedelta(hours=hours))})
    write(dags.set_paused, NOW, ["paused"], is_paused=True, actor="")
    write(dags.retire_dags, NOW, ["gone"])
    due = write(dags.lock_due_dags, NOW, 10)
    assert [each.dag_id for each in due] == ["older", "newer"]
    assert due[0].due == _due(NOW - timedelta(hours=2))
    assert [each.dag_id for each in write(dags.lock_due_dags, NOW, 1)] == ["older"]


def test_a_dag_without_a_next_run_is_never_due(write):
    write(add_dag)
    write(dags.set_next_dues, {"shop": _due(NOW)})
    assert write(read_agenda).next_at == NOW
    write(dags.set_next_dues, {"shop": None})
    assert write(dags.lock_due_dags, NOW, 10) == []
    assert write(read_agenda).next_at is None


@pytest.mark.postgres
def test_due_dags_that_another_process_holds_are_passed_over(postgres_db):
    with postgres_db.write() as session:
        add_dag(session)
        dags.set_next_dues(session, {"shop": _due(NOW)})
    with postgres_db.write() as first, postgres_db.write() as second:
        assert len(dags.lock_due_dags(first, NOW, 10)) == 1
        assert dags.lock_due_dags(second, NOW, 10) == []


def test_a_new_snapshot_is_taken_over_by_the_dags_of_unchanged_files_only(db, write):
    write(add_dag)
    write(add_dag, spec("broken"))
    manifest = {"data.csv": snapshots.Entry("def", 5, 0o644)}
    newer = write(snapshots.store_snapshot, manifest, NOW)
    write(dags.move_snapshot, newer, ["shop.py"])
    with db.read() as session:
        assert dags.get_dag(session, "shop").snapshot_id == newer
        assert dags.get_dag(session, "broken").snapshot_id < newer


def test_an_unknown_dag_is_an_error_that_names_it(db):
    with db.read() as session, pytest.raises(NotFound, match="There is no DAG 'nowhere'"):
        dags.get_dag(session, "nowhere")


def test_a_new_dag_writes_an_event_and_a_known_one_does_not(db, write):
    write(add_dag)
    write(add_dag)
    with db.read() as session:
        kinds = [row.kind for row in session.execute(event.select())]
    assert kinds == ["dag.added"]
