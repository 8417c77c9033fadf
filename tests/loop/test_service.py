"""Which duties a tick does."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from scheduler.loop.duties import NamedDuty
from scheduler.loop.effects import Effects
from scheduler.loop.service import AGENDA_S, SWEEP_S, Service
from scheduler.store.tables import dag
from tests.loop.engine import NOW, spec, task


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


def test_what_the_agenda_does_not_ask_for_waits_for_the_sweep(db, engine):
    done: Counter[str] = Counter()

    def duty(name, **when):
        def count(session, now, limit):
            done[name] += 1
            return 0

        return NamedDuty(name, count, 10, **when)

    duties = (duty("prune", on_time=False), duty("rescue"), duty("advance", on_wake=True))
    clock = Hand()
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
