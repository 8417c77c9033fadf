"""Which duties a tick does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from scheduler.loop.duties import NamedDuty
from scheduler.loop.effects import Effects
from scheduler.loop.leading import ROLE
from scheduler.loop.service import AGENDA_S, SWEEP_S, Service
from scheduler.store.leaders import take_lead
from scheduler.store.tables import dag
from tests.loop.engine import NOW, Engine, spec, task


class Hand:
    """A clock that a test moves by hand."""

    def __init__(self):
        self.seconds = 1000.0

    def now(self):
        return NOW

    def monotonic(self):
        return self.seconds


class Silent:
    """Rings nowhere: no worker waits."""

    def ring(self, queues):
        raise AssertionError(f"nothing was queued, yet {queues} were rung")


@dataclass
class Scene:
    """A service whose duties count how often they were done."""

    service: Service
    clock: Hand
    done: Counter[str]


def scene_on(db) -> Scene:
    done: Counter[str] = Counter()

    def duty(name, **when):
        def count(session, now, limit):
            done[name] += 1
            return 0

        return NamedDuty(name, count, 10, **when)

    duties = (duty("prune", on_time=False), duty("rescue"), duty("advance", on_wake=True))
    clock = Hand()
    db.transact(lambda session: take_lead(session, ROLE, "here", 3600))
    service = Service(
        db,
        duties,
        Effects(),
        publish=Silent(),
        clock=clock,
        holder="here",
        on_lead=lambda: None,
        on_yield=lambda: None,
    )
    return Scene(service, clock, done)


@pytest.fixture
def scene(db) -> Scene:
    return scene_on(db)


def test_what_the_agenda_does_not_ask_for_waits_for_the_sweep(db, engine, scene):
    service, clock, done = scene.service, scene.clock, scene.done

    service.tick(NOW)
    assert done == {"prune": 1, "rescue": 1, "advance": 1}

    service.tick(NOW)
    assert done == {"prune": 1, "rescue": 1, "advance": 2}

    engine.define(spec(task("a")))
    with db.write() as session:
        session.execute(sa.update(dag).values(next_run_at=NOW))
    clock.seconds += AGENDA_S * 2
    service.tick(NOW)  # reads that a run is due
    service.tick(NOW)
    assert done == {"prune": 1, "rescue": 2, "advance": 4}

    clock.seconds += SWEEP_S
    service.tick(NOW)
    assert done == {"prune": 2, "rescue": 3, "advance": 5}


def test_a_tick_that_finds_nothing_to_do_writes_nothing(db, scene):
    scene.service.poll(NOW)
    scene.done.clear()
    with db.count() as count:
        scene.service.poll(NOW)
    assert not scene.done
    assert count.commits == 0


def test_on_sqlite_a_tick_asks_nothing_until_somebody_has_written(db, engine, scene):
    db.watch()
    is_sqlite = db.url.get_backend_name() == "sqlite"
    for _ in range(2):
        scene.service.poll(NOW)
    with db.count() as count:
        scene.service.poll(NOW)
    assert bool(count.statements) is not is_sqlite
    engine.define(spec(task("a")))
    with db.count() as count:
        scene.service.poll(NOW)
    assert count.statements


def test_a_tick_finds_a_run_and_a_task_that_no_wake_told_of(db, scene):
    engine = Engine(db)
    engine.define(spec(task("a")))
    scene.service.poll(NOW)
    scene.done.clear()
    engine.trigger()
    scene.service.poll(NOW)
    assert scene.done["advance"] == 1, "a run is to be planned"
    while engine.advance():
        pass
    scene.service.poll(NOW)
    assert scene.done["advance"] == 2, "a task waits for a worker"
    engine.worker()
    while engine.advance():
        pass
    scene.service.poll(NOW)
    assert scene.done["advance"] == 2


def test_a_tick_does_what_time_asks_for(db, engine, scene):
    scene.service.poll(NOW)
    engine.define(spec(task("a")))
    with db.write() as session:
        session.execute(sa.update(dag).values(next_run_at=NOW))
    scene.service.poll(NOW)
    assert scene.done["rescue"] == 2
