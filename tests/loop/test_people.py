"""Random people: they cancel, mark and rerun, on old code and new, while runs that wait for each other go on."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduler.core.states import UNFINISHED
from scheduler.errors import DirigentError
from scheduler.loop.duties import give_way
from scheduler.operations.cancel import cancel_run
from scheduler.operations.explain import explain_task
from scheduler.operations.mark import mark_run, mark_task
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.wire import DagSpec
from tests.core.graphs import graphs
from tests.loop.engine import Engine

_NAMES = count()
_ENOUGH = 200
_ACTIONS = ("advance", "work", "work", "work", "cancel", "mark", "end", "rerun", "rerun", "edit")
_WHO = "user:ada"


class People:
    """Three runs of one DAG, of which each may wait for the one before it."""

    def __init__(self, engine: Engine, draw: st.DataObject) -> None:
        self.engine = engine
        self.draw = draw
        # A queue of its own: what earlier examples left behind must not be claimed.
        self.name = f"p{next(_NAMES)}"
        engine.worker(queues=[self.name])
        engine.define(self.graph())
        self.runs: dict[str, int] = {}
        for number in range(3):
            engine.wait(days=1)
            self.runs[f"r{number}"] = engine.trigger(self.name, f"r{number}", engine.now)

    def graph(self) -> DagSpec:
        """Draw code of the DAG."""
        drawn = self.draw.draw(graphs(most=5)).spec
        flags = st.booleans()
        tasks = tuple(
            replace(
                task,
                queue=self.name,
                depends_on_past=self.draw.draw(flags),
                wait_for_downstream=self.draw.draw(st.sampled_from((False, False, True))),
            )
            for task in drawn.tasks
        )
        most = self.draw.draw(st.sampled_from((1, 3)))
        return replace(
            drawn, dag_id=self.name, tasks=tasks, max_active_runs=most, fail_fast=self.draw.draw(flags)
        )

    def step(self) -> None:
        getattr(self, self.draw.draw(st.sampled_from(_ACTIONS)))()

    def ask(self, operation, *words, **fields) -> None:
        """Have something done to one run; it may be refused."""
        run_id = self.draw.draw(st.sampled_from(sorted(self.runs)))
        try:
            self.engine.db.transact(
                lambda session: operation(
                    session, self.engine.now, self.name, run_id, *words, actor=_WHO, **fields
                )
            )
        except DirigentError:
            return

    def advance(self) -> None:
        self.engine.advance()
        self.engine.db.transact(lambda session: give_way(session, self.engine.now, 50))

    def work(self) -> None:
        state = self.draw.draw(st.sampled_from(("success", "success", "failed", "skipped", "lost")))
        self.engine.report(*self.engine.claim(queues=[self.name], limit=1), state=state)

    def cancel(self) -> None:
        self.ask(cancel_run)

    def end(self) -> None:
        self.ask(mark_run, to=self.draw.draw(st.sampled_from(("success", "failed"))))

    def task_id(self) -> str:
        return self.draw.draw(
            st.sampled_from([task.task_id for task in self.engine.specs[self.name][0].tasks])
        )

    def mark(self) -> None:
        self.ask(
            mark_task, self.task_id(), to=self.draw.draw(st.sampled_from(("success", "failed", "skipped")))
        )

    def rerun(self) -> None:
        request = RerunRequest(
            dag_id=self.name,
            run_id="",
            tasks=self.draw.draw(st.sampled_from(((), (self.task_id(),)))),
            downstream=self.draw.draw(st.booleans()),
            code=self.draw.draw(st.sampled_from(("then", "now"))),
        )
        self.ask(
            lambda session, now, dag_id, run_id, *, actor: rerun(
                session, now, replace(request, run_id=run_id), actor=actor
            )
        )

    def edit(self) -> None:
        self.engine.redefine(self.graph())

    def rest(self) -> None:
        """Let everything happen that can."""
        for _ in range(_ENOUGH):
            self.engine.wait(minutes=10)
            self.advance()
            while self.engine.advance():
                pass
            claims = self.engine.claim(queues=[self.name])
            self.engine.report(*claims)
            if not claims and not self.engine.advance():
                return
        raise AssertionError("the runs never came to rest")

    def reasons(self) -> list[str]:
        """Return why each task that has not ended is not running."""
        with self.engine.db.read() as session:
            return [
                reason
                for run_id, run_pk in self.runs.items()
                for task_id, state in self.engine.states(run_pk).items()
                if state in UNFINISHED
                for reason in explain_task(session, self.name, run_id, task_id) or ["Nothing holds it."]
            ]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_whatever_people_do_nothing_is_left_that_could_go_on(engine, draw):
    people = People(engine, draw)
    for _ in range(draw.draw(st.integers(0, 25))):
        people.step()
    people.rest()
    assert not [reason for reason in people.reasons() if "about to" in reason or "Nothing" in reason]
    for run_pk in people.runs.values():
        if engine.run_state(run_pk) == "running":
            assert UNFINISHED.intersection(engine.states(run_pk).values())
