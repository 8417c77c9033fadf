"""A leader counts what ended, with the duties that a real one has."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.core.spans import DAY, latest
from scheduler.store.tables import outage
from scheduler.store.views.costs import list_spent
from scheduler.store.views.ownership import Narrowing
from scheduler.store.views.trends import sum_ends
from tests.loop.engine import spec, task
from tests.loop.leader import lead


def test_a_leader_counts_attempts_and_runs_at_its_sweeps(engine, tmp_path):
    leader = lead(engine, tmp_path)
    engine.define(spec(task("a"), task("b", "a")))
    engine.trigger()
    engine.run_to_end(cpu_s=1.5, state="failed")
    leader.tick()
    leader.tick()
    today = latest(DAY, 1, engine.now)
    with engine.db.read() as session:
        (spent,) = list_spent(session, "dag", today, Narrowing())
        ends = sum_ends(session, today, Narrowing())
        failing = session.scalars(sa.select(outage.c.dag_id)).all()
    assert (spent.name, spent.amount.cpu_s, spent.attempts) == ("orders", 1.5, 1)
    assert (ends.failed, ends.runs_failed, failing) == (1, 1, ["orders"])
