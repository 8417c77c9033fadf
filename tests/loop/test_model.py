"""Random graphs, random outcomes, workers that die, repeat themselves and come late: what must hold all the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.core.states import FINISHED, RUN_FINISHED
from scheduler.store.claims import Claimed
from scheduler.wire import DagSpec
from tests.core.graphs import graphs
from tests.loop.engine import WAYS, Engine

_NAMES = count()
_OUTCOMES = ("success", "success", "success", "failed", "skipped")


class Walk:
    """One run, driven by drawn choices, watched after each step."""

    def __init__(self, engine: Engine, graph: DagSpec, draw: st.DataObject) -> None:
        self.engine = engine
        # A queue and workers of its own: what earlier walks left behind must not be drawn from.
        self.name = f"d{next(_NAMES)}"
        tasks = tuple(replace(task, queue=self.name) for task in graph.tasks)
        self.graph = replace(graph, dag_id=self.name, tasks=tasks)
        self.workers = tuple(f"{self.name}-{worker}" for worker in ("w1", "w2"))
        self.upstream = {task.task_id: task.upstream for task in self.graph.tasks}
        self.draw = draw
        self.held: dict[str, list[Claimed]] = {name: [] for name in self.workers}
        self.spent: list[Claimed] = []
        self.final: dict[str, str] = {}
        for name in self.workers:
            engine.worker(name, queues=[self.name])
        engine.define(self.graph)
        self.run = engine.trigger(self.graph.dag_id)

    def step(self) -> None:
        action = self.draw.draw(st.sampled_from(("advance", "claim", "report", "report", "repeat", "kill")))
        getattr(self, action)()
        self.watch()

    def advance(self) -> None:
        self.engine.advance()

    def claim(self) -> None:
        name = self.draw.draw(st.sampled_from(self.workers))
        claims = self.engine.claim(name, limit=self.draw.draw(st.integers(1, 3)), queues=[self.name])
        states = self.engine.states(self.run)
        for claim in claims:
            assert all(states[each] in FINISHED for each in self.needed(claim.task_id))
        self.held[name] += claims

    def needed(self, task_id: str) -> tuple[str, ...]:
        """Return the tasks that must be final before this one may run: rules that wait for all of them."""
        rule = next(task.trigger_rule for task in self.graph.tasks if task.task_id == task_id)
        waits_for_all = (
            "all_success",
            "all_done",
            "all_failed",
            "none_failed",
            "none_failed_min_one_success",
        )
        return self.upstream[task_id] if rule in waits_for_all else ()

    def report(self) -> None:
        name = self.draw.draw(st.sampled_from(self.workers))
        if not self.held[name]:
            return
        self.engine.hands_on = self.draw.draw(st.sampled_from(WAYS))
        claim = self.held[name].pop(self.draw.draw(st.integers(0, len(self.held[name]) - 1)))
        assert self.engine.report(claim, state=self.draw.draw(st.sampled_from(_OUTCOMES))) == []
        self.spent.append(claim)

    def repeat(self) -> None:
        if self.spent:
            claim = self.draw.draw(st.sampled_from(self.spent))
            assert len(self.engine.report(claim, state="failed")) == 1

    def kill(self) -> None:
        name = self.draw.draw(st.sampled_from(self.workers))
        self.engine.kill(name)
        self.spent += self.held[name]
        self.held[name] = []
        self.engine.worker(name, queues=[self.name])

    def watch(self) -> None:
        """A final state stays; of each task at most one attempt is live."""
        states = self.engine.states(self.run)
        for task_id, state in self.final.items():
            assert states[task_id] == state
        self.final = {task_id: state for task_id, state in states.items() if state in FINISHED}
        live = [name for name, _, state in self.engine.attempts(self.run) if state in ("queued", "running")]
        assert len(live) == len(set(live))

    def finish(self) -> None:
        """Whatever happened before, a worker that does its work brings the run to its end."""
        for name in self.workers:
            self.engine.kill(name)
            self.engine.worker(name, queues=[self.name])
        self.engine.run_to_end(self.workers[0], queues=[self.name])
        assert set(self.engine.states(self.run).values()) <= FINISHED
        assert self.engine.run_state(self.run) in RUN_FINISHED
        for task_id in self.upstream:
            tries = [number for name, number, _ in self.engine.attempts(self.run) if name == task_id]
            assert tries == list(range(1, len(tries) + 1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graph=graphs(most=6), draw=st.data())
def test_every_walk_is_legal_and_every_run_ends(engine, graph, draw):
    walk = Walk(engine, graph.spec, draw)
    for _ in range(draw.draw(st.integers(0, 25))):
        walk.step()
    walk.finish()
