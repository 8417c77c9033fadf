"""What the leader and workers do again and again costs no more with a million rows of history beside it."""

from __future__ import annotations

from functools import partial

from scheduler.operations.history import Policy, Pruner
from scheduler.store.leases import cancellations, expire_worker, renew_leases
from tests.loop.engine import WAYS, Engine, spec, task
from tests.loop.leader import lead
from tests.store.plans import noting, whole_reads

#: Once an hour: counted along an index, and a few from the beginning of one.
SELDOM = ("SELECT dag_run.dag_id \nFROM dag_run GROUP BY", "SELECT DISTINCT log_chunk.attempt_id")


def test_no_duty_and_no_report_reads_a_table_from_end_to_end(engine: Engine, tmp_path):
    asked: dict[str, object] = {}
    leader = lead(engine, tmp_path)
    engine.define(
        spec(
            task("a", retries=1),
            task("b", "a", depends_on_past=True),
            task("c", "a", "b"),
            max_active_runs=1,
            dagrun_timeout_s=60,
        )
    )
    with noting(asked):
        for hands_on in WAYS:
            engine.hands_on = hands_on
            for _ in range(2):
                engine.trigger(logical_date=engine.now)
                engine.wait(minutes=1)
            leader.tick()
            held = [each.id for each in engine.claim()]
            engine.db.transact(partial(renew_leases, worker_id="w1", ids=held, lease_s=9))
            engine.db.transact(lambda session: cancellations(session, worker_id="w1"))
            engine.db.transact(lambda session: expire_worker(session, "w1"))
            leader.tick()
            engine.wait(minutes=5)
            leader.tick()
            while claims := engine.claim():
                engine.exchange(*claims, limit=0)
                leader.tick()
            engine.wait(days=1)
            leader.tick()
        engine.wait(days=30)
        Pruner(engine.db, Policy(days=1, runs_per_dag=1), None, lambda seconds: False).prune(engine.now)

    assert len(asked) > 50
    found = whole_reads(
        engine.db, {text: binds for text, binds in asked.items() if not text.startswith(SELDOM)}
    )
    assert not found, "\n\n".join(f"{text}\n{steps}" for text, steps in found.items())
