"""What a worker of its own plans and queues when it reports, beside a leader that does the same."""

from __future__ import annotations

from threading import Event, Thread

import pytest
import sqlalchemy as sa

from scheduler.store.claims import Claimed
from scheduler.store.graph_cache import GraphCache
from scheduler.store.scheduled import wait_for_turn
from scheduler.store.tables import dag_run, dag_version
from scheduler.wire import MapSpec
from tests.loop.engine import Engine, spec, task

WORKERS = ("w1", "w2", "w3")
MOST_ACTIVE = 3


@pytest.fixture
def apart(engine):
    engine.hands_on = "apart"
    return engine


def is_flagged(engine: Engine, run_pk: int) -> bool:
    with engine.db.read() as session:
        query = sa.select(dag_run.c.needs_planning).where(dag_run.c.id == run_pk)
        return bool(session.execute(query).scalar_one())


def test_it_queues_what_follows_within_the_run_and_claims_it(apart):
    apart.define(spec(task("a"), task("b", "a"), task("c", "b")))
    run = apart.trigger()
    apart.advance()
    claims = apart.claim()
    for name in ("a", "b"):
        assert [each.task_id for each in claims] == [name]
        claims = apart.exchange(*claims)
        assert not is_flagged(apart, run)
    assert [each.task_id for each in claims] == ["c"]


def test_the_end_of_a_run_is_the_leader_s(apart):
    apart.define(spec(task("a")))
    run = apart.trigger()
    apart.advance()
    apart.db.wake.wait(0)
    apart.exchange(*apart.claim())
    assert apart.run_state(run) == "running"
    assert is_flagged(apart, run)
    assert apart.db.wake.wait(0)
    apart.advance()
    assert apart.run_state(run) == "success"


@pytest.mark.parametrize("looks_back", [{"depends_on_past": True}, {"wait_for_downstream": True}])
def test_a_run_whose_tasks_look_back_is_the_leader_s(apart, looks_back):
    apart.define(spec(task("a", **looks_back), task("b", "a")))
    run = apart.trigger(logical_date=apart.now)
    apart.advance()
    assert apart.exchange(*apart.claim()) == []
    assert is_flagged(apart, run)
    apart.advance()
    assert apart.states(run) == {"a": "success", "b": "queued"}


def test_a_run_that_is_flagged_already_is_the_leader_s(apart):
    apart.define(spec(task("a"), task("b"), task("c", "a")))
    run = apart.trigger()
    apart.advance()
    first, second = apart.claim()
    apart.hands_on = ""
    apart.exchange(first, limit=0)
    apart.hands_on = "apart"
    apart.exchange(second, limit=0)
    assert apart.states(run)["c"] == "none"
    apart.advance()
    assert apart.states(run)["c"] == "queued"


def test_while_code_waits_that_it_cannot_read_the_leader_is_woken_instead(apart):
    apart.define(spec(task("a"), task("b", "a")))
    apart.worker("w2", queues=["gpu"])
    waiting = (task(name, queue="gpu") for name in ("x", "y"))
    apart.define(spec(*waiting, dag_id="newer", max_active_tasks=1))
    run = apart.trigger()
    apart.trigger("newer")
    apart.advance()
    forget(apart, "newer")
    claims = apart.claim()
    apart.db.wake.wait(0)
    assert apart.exchange(*claims) == []
    assert apart.states(run) == {"a": "success", "b": "scheduled"}
    assert apart.db.wake.wait(0)


def forget(engine: Engine, dag_id: str) -> None:
    """Let the graph of a DAG be of a form that is not known here."""
    with engine.db.write() as session:
        changed = sa.update(dag_version).where(dag_version.c.dag_id == dag_id)
        session.execute(changed.values(graph='{"dag_id": "newer", "wire_version": 99}'))
    engine.graphs = GraphCache()
    engine.meet_workers()


@pytest.mark.postgres
def test_while_another_transaction_admits_the_leader_is_woken_instead(postgres_db):
    engine = Engine(postgres_db, hands_on="apart")
    engine.worker()
    engine.define(spec(task("a"), task("b", "a")))
    run = engine.trigger()
    engine.advance()
    claims = engine.claim()
    with postgres_db.write() as session:
        session.execute(sa.select(wait_for_turn()))
        postgres_db.wake.wait(0)
        assert engine.exchange(*claims) == []
        assert engine.states(run)["b"] == "scheduled"
        assert postgres_db.wake.wait(0)
    engine.advance()
    assert engine.states(run)["b"] == "queued"


def test_workers_and_leader_that_hand_on_at_once_exceed_no_limit_and_lose_nothing(apart):
    """Three workers and a leader, as fast as they can, over one run: layers of tasks that wait for two each."""
    layers, width = 5, 6
    above = [[f"t{layer}-{at}" for at in range(width)] for layer in range(layers)]
    rows = [
        task(name, *([above[layer - 1][at], above[layer - 1][(at + 1) % width]] if layer else []))
        for layer, names in enumerate(above)
        for at, name in enumerate(names)
    ]
    apart.define(spec(*rows, max_active_tasks=MOST_ACTIVE))
    for name in WORKERS:
        apart.worker(name)
    run = apart.trigger()
    over = Event()
    threads = [Thread(target=work, args=(apart, name, over)) for name in WORKERS]
    threads += [Thread(target=lead, args=(apart, over))]
    for thread in threads:
        thread.start()
    most = watch(apart, run)
    over.set()
    for thread in threads:
        thread.join()
    assert most <= MOST_ACTIVE
    assert set(apart.states(run).values()) == {"success"}
    names = [name for name, _, _ in apart.attempts(run)]
    assert len(names) == len(set(names)) == layers * width


def work(engine: Engine, name: str, over: Event) -> None:
    """Claim and report until it is over."""
    claims: list[Claimed] = []
    while not over.is_set():
        claims = engine.exchange(*claims, name=name, limit=2)


def lead(engine: Engine, over: Event) -> None:
    """Plan until it is over."""
    while not over.is_set():
        engine.advance()


def watch(engine: Engine, run_pk: int) -> int:
    """Look until the run has ended; return the most tasks that were queued or running in one snapshot."""
    most = 0
    while engine.run_state(run_pk) in ("queued", "running"):
        states = list(engine.states(run_pk).values())
        most = max(most, states.count("queued") + states.count("running"))
    return most


def test_in_a_run_with_mapped_tasks_what_makes_instances_is_the_leader_s(apart):
    mapping = MapSpec(factors=({"task": "a", "key": "return_value"},))
    apart.define(spec(task("a"), task("b", "a", mapping=mapping), task("c", "b"), wire_version=4))
    run = apart.trigger()
    apart.advance()
    apart.report(*apart.claim(), xcoms={"return_value": [1, 2]})
    assert is_flagged(apart, run)
    apart.advance()
    first, second = apart.claim()
    assert apart.exchange(first) == []
    assert [each.task_id for each in apart.exchange(second)] == ["c"]
    assert not is_flagged(apart, run)
