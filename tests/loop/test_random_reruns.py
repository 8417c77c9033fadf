"""Random DAGs, of which random parts run again, also while others run: each run comes to its end every time."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
import sqlalchemy as sa

from scheduler.core.ids import TaskKey
from scheduler.errors import Conflict
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.tables import task_instance
from tests.loop.engine import WAYS, Engine
from tests.loop.test_same_ends import Declared, Served

_ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
_RUN = "drawn"


@pytest.fixture
def engine(migrated_sqlite_db):
    return Engine(migrated_sqlite_db)


class Reruns:
    """A run in the hands of the scheduler, and of somebody who clears what comes to their mind."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine = engine
        self.random = Random(seed)
        self.served = Served(engine, Declared(seed, f"d{seed}").dag, run_id=_RUN)

    def go_on(self, most: int) -> None:
        """Run up to so many instances, in any order."""
        for _ in range(most):
            self.served.look()
            if not self.served.live:
                return
            self.served.perform(self.random.choice(sorted(self.served.live)))

    def end(self) -> None:
        """Run all that may run; fail where there is no end to it, or something is left undone."""
        self.go_on(3000)
        assert self.served.live == {}
        assert set(self.served.states().values()) <= _ENDED
        assert self.engine.run_state(self.served.run) in ("success", "failed")

    def clear(self) -> None:
        """Have an instance, a task or the whole run done again, with what is above or below."""
        key = self.random.choice(self.keys())
        ways: list[tuple[str | TaskKey, ...]] = [(), (key.task_id,), (key,)]
        chosen = self.random.choice(ways)
        request = RerunRequest(
            dag_id=self.served.dag.dag_id,
            run_id=_RUN,
            tasks=chosen,
            upstream=bool(chosen) and self.random.random() < 0.4,
            downstream=bool(chosen) and self.random.random() < 0.5,
            only_failed=self.random.random() < 0.3,
        )
        with suppress(Conflict):  # nothing of it has run, or failed
            self.engine.db.transact(lambda session: rerun(session, self.engine.now, request, actor="test"))

    def clear_all(self) -> None:
        """Have everything done again."""
        request = RerunRequest(dag_id=self.served.dag.dag_id, run_id=_RUN)
        self.engine.db.transact(lambda session: rerun(session, self.engine.now, request, actor="test"))

    def succeeded(self) -> set[str]:
        """Return the instances that succeeded."""
        return {name for name, state in self.served.states().items() if state == "success"}

    def keys(self) -> list[TaskKey]:
        ti = task_instance.c
        query = sa.select(ti.task_id, ti.path).where(ti.run_pk == self.served.run, ti.state != "removed")
        with self.engine.db.read() as session:
            return sorted(TaskKey(*row) for row in session.execute(query))


@pytest.mark.parametrize("seed", range(12))
def test_a_run_comes_to_its_end_whatever_of_it_runs_again(engine, seed):
    engine.hands_on = WAYS[seed % len(WAYS)]
    reruns = Reruns(engine, seed)
    reruns.end()
    for _ in range(6):
        reruns.clear()
        reruns.go_on(reruns.random.randint(0, 4))
    reruns.end()


@pytest.mark.parametrize("seed", range(200, 206))
def test_a_run_that_runs_again_as_a_whole_ends_as_it_did_at_first(engine, seed):
    engine.hands_on = WAYS[seed % len(WAYS)]
    reruns = Reruns(engine, seed)
    reruns.end()
    first = reruns.succeeded()
    for _ in range(2):
        reruns.clear()
        reruns.go_on(reruns.random.randint(0, 4))
    reruns.served.look()
    reruns.clear_all()
    reruns.end()
    assert reruns.succeeded() == first
