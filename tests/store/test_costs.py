"""What was spent, by DAG, owner, team and day, is the sum of the attempts, whoever the DAGs belong to."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.core.cost import Amount
from scheduler.core.spans import DAY, HOUR, latest
from scheduler.operations.delete import delete_dag
from scheduler.store.tables import dag, dag_run, dag_tag
from scheduler.store.tallies import count_attempts
from scheduler.store.views.costs import Spent, list_spent, spent_by_run, total_of
from scheduler.store.views.ownership import Narrowing, Owned, list_owned
from tests.loop.engine import NOW, Engine, spec, task

DAGS = {
    "books": ("ada", ("team:shop", "nightly")),
    "carts": ("ada", ()),
    "mails": ("bob", ("team:shop", "team:zoo")),
    "plain": ("", ("teamwork",)),
}


@pytest.fixture
def engine(db):
    """Each DAG ran once yesterday and once today, taking 1, 2, 4 and 8 s, ten times as much today."""
    engine = Engine(db)
    engine.worker()
    for name, (owner, tags) in DAGS.items():
        engine.define(spec(task("a"), dag_id=name))
        with db.write() as session:
            session.execute(sa.update(dag).values(owner=owner).where(dag.c.dag_id == name))
            for tag in tags:
                session.execute(sa.insert(dag_tag).values(dag_id=name, name=tag))
    for factor in (1, 10):
        for place, name in enumerate(DAGS):
            engine.trigger(name)
            engine.advance()
            engine.report(*engine.claim(), cpu_s=factor * 2**place, peak_memory_bytes=100 + place)
            engine.advance()
        if factor == 1:
            engine.wait(days=1)
    db.transact(lambda session: count_attempts(session, engine.now, 100))
    return engine


def spent(engine, by, *, days=2, **narrowing):
    with engine.db.read() as session:
        found = list_spent(session, by, latest(DAY, days, engine.now), Narrowing(**narrowing))
    return {each.name: each.amount.cpu_us // 1_000_000 for each in found}


def test_by_dag_the_most_expensive_first(engine):
    assert list(spent(engine, "dag").items()) == [("plain", 88), ("mails", 44), ("carts", 22), ("books", 11)]


def test_by_owner_and_team_with_those_of_nobody(engine):
    assert spent(engine, "owner") == {"": 88, "ada": 33, "bob": 44}
    assert spent(engine, "team") == {"": 110, "shop": 55}


def test_by_day(engine):
    days = [(NOW + timedelta(days=ahead)).date().isoformat() for ahead in (0, 1)]
    assert list(spent(engine, "day").items()) == [(days[0], 15), (days[1], 150)]
    assert spent(engine, "day", team="shop") == {days[0]: 5, days[1]: 50}


@pytest.mark.parametrize(
    ("narrowing", "names"),
    [
        ({"dag_id": "books"}, {"books"}),
        ({"owner": "ada"}, {"books", "carts"}),
        ({"team": "shop"}, {"books", "mails"}),
        ({"team": "zoo"}, set()),
        ({"tag": "nightly"}, {"books"}),
        ({"owner": "ada", "team": "shop"}, {"books"}),
        ({"owner": "nobody"}, set()),
    ],
)
def test_dags_are_narrowed_by_name_owner_team_and_tag(engine, narrowing, names):
    assert spent(engine, "dag", **narrowing).keys() == names


def test_a_shorter_span_leaves_the_rest_out(engine):
    assert spent(engine, "dag", days=1) == {"plain": 80, "mails": 40, "carts": 20, "books": 10}
    with engine.db.read() as session:
        found = list_spent(session, "owner", latest(HOUR, 24, engine.now), Narrowing())
    assert {each.name: each.amount.cpu_s for each in found} == {"": 80, "bob": 40, "ada": 30}


def test_deleted_dags_stay_in_the_total(engine):
    delete_dag(engine.db, engine.now, "mails", actor="test")
    assert spent(engine, "dag") == {"plain": 88, None: 44, "carts": 22, "books": 11}
    assert spent(engine, "team") == {"": 110, None: 44, "shop": 11}


def test_rows_add_up_to_the_total(engine):
    with engine.db.read() as session:
        for by in ("dag", "owner", "team", "day"):
            total = total_of(list_spent(session, by, latest(DAY, 2, engine.now), Narrowing()))
            assert total == Spent("total", Amount(0, 165_000_000, 0), 8, 0, 103)


def test_a_run_is_the_sum_of_its_attempts(engine):
    with engine.db.read() as session:
        run_pk = session.scalars(sa.select(dag_run.c.id).where(dag_run.c.dag_id == "plain").limit(1)).one()
        found = spent_by_run(session, run_pk)
    assert (found.amount.cpu_s, found.attempts, found.peak_memory_bytes) in {(8, 1, 103), (80, 1, 103)}


def test_whose_a_dag_is(engine):
    with engine.db.read() as session:
        assert list_owned(session) == {
            "books": Owned("ada", "shop"),
            "carts": Owned("ada", ""),
            "mails": Owned("bob", "shop"),
            "plain": Owned("", ""),
        }


def test_asking_takes_few_statements_however_many_dags_there_are(engine):
    with engine.db.count() as count:
        spent(engine, "team")
    assert len(count.statements) <= 4
