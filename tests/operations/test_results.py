"""What runs return, read from the database."""

from __future__ import annotations

import pytest

from scheduler.errors import Conflict
from scheduler.operations.results import results_of, returned, whole
from scheduler.store.runs import find_run
from scheduler.store.views.results import list_results
from scheduler.wire import MapSpec
from tests.loop.engine import Engine, spec, task

GRAPH = spec(
    task("load", "count", returns_dag_result=True),
    task("count"),
    task("each", mapping=MapSpec(arguments=("x",), factors=(2,)), returns_dag_result=True),
)


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    engine.define(GRAPH)
    return engine


def read(engine, ask, run_id="first", graph=GRAPH):
    with engine.db.read() as session:
        return ask(session, find_run(session, "orders", run_id), graph)


def give_values(engine):
    """Claim what waits; each task returns its name."""
    engine.advance()
    for claim in engine.claim():
        engine.report(claim, xcoms={"return_value": f"{claim.task_id}{claim.path}"})


def test_a_run_returns_what_its_marked_tasks_returned_once_it_has_ended(engine):
    run_pk = engine.trigger(run_id="first")
    give_values(engine)
    assert read(engine, results_of) == {}
    with pytest.raises(Conflict, match="'first' is running: it returns something once it has ended"):
        read(engine, returned)
    give_values(engine)
    engine.advance()
    assert read(engine, results_of) == {"each": ["each0", "each1"], "load": "load"}
    assert read(engine, returned) == read(engine, results_of)
    with engine.db.read() as session:
        shown = list_results(session, run_pk, ["each", "load"], 2)
    assert [(each.task_id, each.path, each.text) for each in shown] == [
        ("each", "0", '"each0"'),
        ("each", "1", '"each1"'),
    ]


def test_a_run_whose_marked_tasks_kept_nothing_says_so(engine):
    engine.trigger(run_id="first")
    engine.run_to_end()
    with pytest.raises(Conflict, match="'first' is success and returned nothing: load, each kept no value"):
        read(engine, returned)


def test_runs_of_a_dag_without_a_marked_task_return_nothing(engine):
    engine.trigger(run_id="first")
    with pytest.raises(Conflict, match="No task of DAG 'orders' is marked with @result"):
        read(engine, returned, graph=spec(task("count")))


def test_of_one_task_it_is_the_value_of_several_a_dict():
    assert whole({"load": 3}) == 3
    assert whole({"load": 3, "each": [1]}) == {"load": 3, "each": [1]}
