"""What waits and runs, in a fixed number of statements."""

from __future__ import annotations

from typing import Any

from scheduler.store.pools import Pool, put_pool
from scheduler.store.views.load import QueueLoad, read_load
from tests.loop.engine import Engine, spec, task
from tests.store.plans import noting, whole_reads


def load_of(engine: Engine):
    with engine.db.read() as session:
        return read_load(session)


def test_an_empty_installation_has_no_load(db):
    with db.read() as session:
        load = read_load(session)
    assert (dict(load.tasks), dict(load.runs), load.workers, load.has_leader) == ({}, {}, (), False)
    assert load.pools["default_pool"].used == 0


def test_a_queue_tells_what_waits_runs_and_would_run_with_more_slots(db):
    engine = Engine(db)
    engine.worker(slots=2)
    engine.define(spec(*(task(f"t{number}") for number in range(30)), max_active_tasks=10))
    engine.trigger()
    while engine.advance():
        pass
    engine.claim(limit=2)
    queue = load_of(engine).queues["default"]
    assert (queue.queued, queue.running, queue.scheduled, queue.slots) == (2, 2, 26, 2)
    # Ten of its tasks may run at once, so six more than the four that are at hand.
    assert (queue.admissible, queue.waiting, queue.desired_slots) == (6, 8, 10)
    assert queue.oldest_s > 0


def test_a_queue_that_nobody_listens_to_shows_its_work(db):
    engine = Engine(db)
    engine.define(spec(task("a", queue="gpu")))
    engine.trigger()
    while engine.advance():
        pass
    assert load_of(engine).queues["gpu"] == QueueLoad(scheduled=1, admissible=1)


def test_pools_tell_what_is_taken_and_hold_back_what_asks_for_no_slots(db):
    engine = Engine(db)
    engine.worker()
    with db.write() as session:
        put_pool(session, Pool("narrow", 3))
    engine.define(spec(*(task(f"t{number}", pool="narrow") for number in range(5))))
    engine.trigger()
    while engine.advance():
        pass
    load = load_of(engine)
    assert (load.pools["narrow"].slots, load.pools["narrow"].used) == (3, 3)
    assert load.queues["default"].admissible == 0
    assert dict(load.tasks) == {"queued": 3, "scheduled": 2}
    assert dict(load.runs) == {"running": 1}


def test_it_reads_what_is_active_and_no_growing_table_whole(db):
    asked: dict[str, Any] = {}
    with noting(asked), db.read() as session:
        read_load(session)
    assert len(asked) == 10
    assert whole_reads(db, asked) == {}


def test_it_takes_the_same_statements_however_much_there_is(db):
    engine = Engine(db)
    counts = []
    for number in range(2):
        with db.count() as count:
            load_of(engine)
        counts.append(len(count.statements))
        engine.worker(f"w{number}", queues=[f"q{number}", "default"])
        engine.define(spec(*(task(f"t{n}") for n in range(8)), dag_id=f"d{number}"))
        engine.trigger(f"d{number}")
        while engine.advance():
            pass
    assert counts[0] == counts[1] == 10
