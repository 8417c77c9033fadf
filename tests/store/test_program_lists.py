"""Lists that programs ask for: each is chosen by and ordered by every column of it, on either database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.operations.xcoms import set_xcom
from scheduler.store.choices import Choice, Range
from scheduler.store.tables import dag_run
from scheduler.store.tables.columns import Instant
from scheduler.store.views import run_lists, task_lists, xcom_lists
from scheduler.store.views.run_lists import RunsWanted
from tests.operations.plays import started_run
from tests.store.specs import NOW


def _runs(session, choice):
    found = run_lists.list_runs(session, choice, RunsWanted(), limit=5)
    assert run_lists.count_runs(session, choice, RunsWanted()) == len(found)
    return found


def _tasks(session, choice):
    found = task_lists.list_tasks(session, choice, limit=5)
    assert task_lists.count_tasks(session, choice) == len(found)
    return found


def _xcoms(session, choice):
    found, total = xcom_lists.list_entries(session, choice, limit=5)
    assert total == len(found)
    return found


LISTS = {
    "runs": (run_lists.RUN_COLUMNS, _runs, 1),
    "tasks": (task_lists._COLUMNS, _tasks, 3),
    "xcoms": (xcom_lists._COLUMNS, _xcoms, 1),
}


def _value(column):
    if isinstance(column.type, Instant):
        return NOW
    return "a%\\" if isinstance(column.type, sa.Text | sa.String) else 1


@pytest.mark.parametrize(("columns", "ask", "count"), LISTS.values(), ids=LISTS)
def test_every_column_may_be_chosen_and_ordered_by(db, write, columns, ask, count):
    write(started_run, states={"a": "success"}, ended="success")
    write(set_xcom, NOW, "shop", "r1", TaskKey("a", ""), "rows", {"n": 1}, actor="")
    texts = {name: each for name, each in columns.items() if isinstance(each.type, sa.Text | sa.String)}
    with db.read() as session:
        assert len(ask(session, Choice(order=tuple(f"-{name}" for name in columns)))) == count
        ask(session, Choice(among={name: [_value(each), None] for name, each in columns.items()}))
        bounds = {name: Range(gte=_value(each), lt=_value(each)) for name, each in columns.items()}
        assert ask(session, Choice(ranges=bounds)) == []
        assert (
            ask(session, Choice(like=dict.fromkeys(texts, "a\\|%x"), starts=dict.fromkeys(texts, "a%\\")))
            == []
        )


def test_what_is_counted_joins_nothing_that_is_not_asked_for(db):
    with db.count() as count, db.read() as session:
        task_lists.count_tasks(session, Choice())
        run_lists.count_runs(session, Choice(), RunsWanted())
    assert [text for text in count.statements if "dag_version" in text] == []
    assert [text for text in count.statements if "task_instance" in text and "dag_run" in text] == []


def test_runs_are_found_by_a_text_of_their_conf(db, write):
    run_pk = write(started_run, states={"a": "success"}).run_pk
    with db.write() as session:
        session.execute(sa.update(dag_run).values(conf={"day": "100%"}))
    with db.read() as session:
        [found] = run_lists.confs_with(session, Choice(), "DAY")
        assert (found[0], found[2]) == (run_pk, {"day": "100%"})
        assert list(run_lists.confs_with(session, Choice(), "1%0")) == []
        assert run_lists.count_runs(session, Choice(), RunsWanted(ids=[run_pk])) == 1
        assert run_lists.list_runs(session, Choice(), RunsWanted(ids=[]), limit=5) == []
