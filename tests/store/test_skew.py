"""Two releases on one database: what the tables of the newer one must bear, and what a program says of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.errors import NewerDatabase, OlderDatabase
from scheduler.store import migrate
from scheduler.store.dags import list_dags
from scheduler.store.migrations import HEAD, OLDEST, run
from scheduler.store.tables import metadata, table_form
from tests.loop.engine import Engine, spec, task
from tests.store.ahead import go_ahead


def _shape(db):
    """Return what a program that writes by column names relies on: per table its columns and its unique keys."""
    with db.read() as session:
        inspector = sa.inspect(session)
        return {
            name: (
                {each["name"]: each for each in inspector.get_columns(name)},
                {tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)},
            )
            for name in inspector.get_table_names()
        }


# An index over an expression refuses nothing here: the migrations make no such one unique.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning")
def test_what_came_since_the_oldest_program_that_may_go_on_only_adds(empty_db):
    migrate.upgrade(empty_db)
    newest = _shape(empty_db)
    migrate.downgrade(empty_db, OLDEST)
    for name, (columns, uniques) in _shape(empty_db).items():
        columns_now, uniques_now = newest[name]
        assert columns.keys() <= columns_now.keys(), name
        for column, was in columns.items():
            assert str(was["type"]) == str(columns_now[column]["type"]), f"{name}.{column}"
            assert was["nullable"] <= columns_now[column]["nullable"], f"{name}.{column}"
        for column in columns_now.keys() - columns.keys():
            now = columns_now[column]
            assert now["nullable"] or now["default"] is not None, (
                f"an older program leaves {name}.{column} empty"
            )
        assert uniques_now <= uniques, f"{name} has a key that an older program may break"


def test_the_tables_name_the_oldest_program_whichever_way_they_came_to_be(empty_db):
    with empty_db.change_tables() as session:
        run.upgrade(session, "head")
    by_alembic = _oldest(empty_db)
    migrate.downgrade(empty_db, "base")
    migrate.upgrade(empty_db)
    assert (by_alembic, _oldest(empty_db)) == ([OLDEST], [OLDEST])


def _oldest(db):
    with db.read() as session:
        return session.scalars(sa.select(table_form.c.oldest)).all()


def test_a_database_that_is_a_release_ahead_is_left_as_it_is_and_worked_with(empty_db, caplog):
    migrate.upgrade(empty_db)
    go_ahead(empty_db, bears=HEAD)
    migrate.upgrade(empty_db)
    migrate.upgrade_beside_others(empty_db)
    assert migrate.current(empty_db) == "9999"
    assert f"is at 9999, ahead of this program ({HEAD})" in caplog.text
    engine = Engine(empty_db)
    engine.define(spec(task("a"), task("b", "a")))
    run_pk = engine.trigger()
    engine.worker()
    engine.run_to_end()
    assert engine.run_state(run_pk) == "success"
    with empty_db.read() as session:
        assert [dag.dag_id for dag in list_dags(session)] == ["orders"]


def test_a_database_that_does_not_bear_this_program_is_refused_with_the_remedy(empty_db):
    migrate.upgrade(empty_db)
    go_ahead(empty_db, bears="9999")
    for begin in (migrate.upgrade, migrate.upgrade_beside_others, migrate.current):
        with pytest.raises(NewerDatabase, match=r"migrated by a newer Dirigent.*Install that version"):
            begin(empty_db)


def test_tables_ahead_are_not_taken_back_by_an_older_program(empty_db):
    migrate.upgrade(empty_db)
    go_ahead(empty_db, bears=HEAD)
    with pytest.raises(NewerDatabase):
        migrate.downgrade(empty_db, "base")
    with empty_db.read() as session:
        assert set(metadata.tables) <= set(sa.inspect(session).get_table_names())


def test_tables_that_others_could_not_bear_are_changed_by_nobody_who_is_not_alone(sqlite_db):
    migrate.upgrade(sqlite_db)
    migrate.downgrade(sqlite_db, "0005")
    with pytest.raises(OlderDatabase, match=r"is at 0005.*Stop all servers, run `dirigent db upgrade`"):
        migrate.upgrade_beside_others(sqlite_db, oldest="0006")
    assert migrate.current(sqlite_db) == "0005"
    migrate.upgrade_beside_others(sqlite_db, oldest="0005")
    assert migrate.current(sqlite_db) == HEAD


def test_an_empty_database_is_made_by_whoever_comes_first(sqlite_db):
    migrate.upgrade_beside_others(sqlite_db)
    assert migrate.current(sqlite_db) == HEAD
