"""Random DAGs: `dag.test()`, which plans in memory, and the scheduler over a database come to the same states.

Each runs what the other runs, in the same order, with the code of attempts; what a task does follows from its name.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from scheduler import DAG, Asset, FailTask, RescheduleTask, SkipTask, XComArg, task, task_group
from scheduler.clock import SystemClock
from scheduler.core.ids import named
from scheduler.core.trigger_rules import RULES
from scheduler.dispatch.jobs import job_of
from scheduler.dispatch.report import Report
from scheduler.operations.answers import Answers
from scheduler.runtime.child.attempt import perform
from scheduler.runtime.child.pipe import PipeChannel
from scheduler.sdk.serialize import to_spec
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store.claims import Claimed
from scheduler.store.tables import asset_event, task_instance
from scheduler.testing.result import RunResult
from tests.loop.engine import WAYS, Engine

_KINDS = ("plain", "plain", "plain", "mapped", "mapped", "loop", "branch", "short", "setup")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_ENDS = {"well": None, "again well": None, "fails": FailTask, "skips": SkipTask}


class Declared:
    """A random DAG. How an instance ends, and what it returns, follows from the seed and its name."""

    def __init__(self, seed: int, name: str) -> None:
        self.random, self.seed = Random(seed), seed
        self.made: list[XComArg[Any]] = []
        with DAG(name, max_active_tasks=100) as self.dag:
            self.declare(self.random.randint(1, 3))
            self.group()
            self.declare(self.random.randint(0, 2))
            self.teardowns()

    def fate(self, ti) -> Random:
        return Random(f"{self.seed}{ti.task_id}{ti.path}")

    def body(self, x=None, ti=None):
        """What a task does."""
        fate = self.fate(ti)
        if fate.random() < 0.2 and ti.waiting_since is None:
            raise RescheduleTask(LONG_AGO)
        if error := _ENDS[fate.choice(list(_ENDS))]:
            raise error("as drawn")
        return list(range(fate.choice([0, 1, 2, 3])))

    def choose(self, ti=None):
        """What a branch does: it follows some of its arrows."""
        self.body(ti=ti)
        below = sorted(ti.task.downstream_task_ids)
        return self.fate(ti).sample(below, self.fate(ti).randint(0, len(below)))

    def decide(self, ti=None):
        """What a short circuit does."""
        return bool(self.body(ti=ti))

    def declare(self, number: int) -> list[XComArg[Any]]:
        return [self.one() for _ in range(number)]

    def one(self) -> XComArg[Any]:
        kind = self.random.choice(_KINDS)
        name = f"t{len(self.made)}"
        rule = self.random.choice(sorted(RULES))
        upstream = self.random.sample(self.made, self.random.randint(0, min(2, len(self.made))))
        outlets = [Asset(f"{self.dag.dag_id}_{name}")] if self.random.random() < 0.3 else []
        made = self.of_kind(kind, {"task_id": name, "trigger_rule": rule, "outlets": outlets})
        made << upstream
        self.made.append(made)
        return made

    def of_kind(self, kind, arguments) -> XComArg[Any]:
        match kind:
            case "mapped":
                return task(**arguments)(self.body).expand(x=self.items())
            case "loop":
                return task.loop(until=lambda value: len(value) != 1, max_iterations=3, **arguments)(
                    self.body
                )()
            case "branch":
                return task.branch(**arguments)(self.choose)()
            case "short":
                return task.short_circuit(
                    ignore_downstream_trigger_rules=self.random.random() < 0.5, **arguments
                )(self.decide)()
            case "setup":
                return task(**arguments)(self.body)().as_setup()
            case _:
                return task(**arguments)(self.body)()

    def items(self):
        """What something is mapped over: so many, or what an earlier task returns."""
        lists = [each for each in self.made if not each.operator.loop and not each.operator.dimensions]
        if lists and self.random.random() < 0.5:
            return self.random.choice(lists)
        return list(range(self.random.randint(0, 3)))

    def group(self) -> None:
        """A group of tasks, mapped or not."""
        number = self.random.randint(0, 3)
        if not number:
            return
        outside = list(self.made)

        @task_group(group_id="g")
        def inside(x):
            self.declare(number)

        if self.random.random() < 0.5:
            inside.expand(x=self.items())
        else:
            inside(1)
        assert self.made[len(outside) :]

    def teardowns(self) -> None:
        """Let the setups outside of the group be undone."""
        for made in self.made:
            if made.operator.is_setup and not made.operator.dimensions and self.random.random() < 0.5:
                undo = task(task_id=f"undo_{made.operator.label}")(self.body)()
                undo.as_teardown(setups=made)


class Line(PipeChannel):
    """The way of an attempt to the database, without a process between."""

    def __init__(self, answers, job):
        self.answers, self.job = answers, job

    def _ask(self, verb, **args):
        return self.answers(self.job, verb, args)


class Served:
    """The same DAG in the hands of the scheduler."""

    def __init__(self, engine: Engine, dag: DAG, run_id: str | None = None) -> None:
        self.engine, self.dag, self.queue = engine, dag, dag.dag_id
        spec = to_spec(dag, f"{dag.dag_id}.py")
        tasks = tuple(replace(each, queue=self.queue) for each in spec.tasks)
        engine.worker(self.queue, queues=[self.queue], slots=200)
        engine.define(replace(spec, tasks=tasks))
        self.run = engine.trigger(dag.dag_id, run_id=run_id)
        self.answers = Answers(engine.db, FernetCipher(SecretKey(("k" * 32,))), SystemClock())
        self.live: dict[str, Claimed] = {}
        self.look()

    def look(self) -> None:
        """Let the leader act, and claim all that may run."""
        while self.engine.advance():
            pass
        claims = self.engine.claim(self.queue, limit=100, queues=[self.queue])
        self.live |= {named(each.task_id, each.path): each for each in claims}

    def perform(self, name: str) -> None:
        """Run one instance, and report; again where it asked to be put off."""
        while self.attempt(name) == "reschedule":
            self.look()

    def attempt(self, name: str) -> str:
        """Run one attempt, and report how it ended."""
        claim = self.live.pop(name)
        with self.engine.db.read() as session:
            job = job_of(claim, self.engine.graphs.get(session, claim.version_id), Path("/"))
        outcome = perform(self.dag, job, Line(self.answers, job), SystemClock())
        report = [Report(claim, outcome)]
        assert not self.engine.db.transact(lambda session: self.engine._record(session, report))
        self.look()
        return outcome.state

    def states(self) -> dict[str, str]:
        ti = task_instance.c
        query = sa.select(ti.task_id, ti.path, ti.state).where(ti.run_pk == self.run)
        with self.engine.db.read() as session:
            return {named(row.task_id, row.path): row.state for row in session.execute(query)}


@pytest.fixture
def engine(migrated_sqlite_db):
    return Engine(migrated_sqlite_db)


@pytest.mark.parametrize("seed", range(30))
def test_a_test_run_and_the_scheduler_come_to_the_same_states(engine, seed):
    engine.hands_on = WAYS[seed % len(WAYS)]
    dag = Declared(seed, f"d{seed}").dag
    tested = dag.test()
    served = Served(engine, dag)
    for name in tested.order:
        served.perform(name)
    assert served.live == {}
    assert served.states() == tested.task_states
    assert engine.run_state(served.run) == tested.state
    assert changes_of(engine) == successes_of(dag, tested)


def changes_of(engine: Engine) -> Counter[str]:
    """Return how often each asset changed."""
    with engine.db.read() as session:
        return Counter(session.scalars(sa.select(asset_event.c.name)))


def successes_of(dag: DAG, tested: RunResult) -> Counter[str]:
    """Return how often the tasks succeeded that make assets, by these."""
    ended = Counter(
        name.partition("[")[0] for name, state in tested.task_states.items() if state == "success"
    )
    makers = {
        f"{dag.dag_id}_{task_id.rpartition('.')[2]}": task_id
        for task_id in dag.task_dict
        if dag.task_dict[task_id].outlets
    }
    return Counter({name: ended[task_id] for name, task_id in makers.items() if ended[task_id]})
