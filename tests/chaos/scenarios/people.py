"""People who interfere: they cancel, mark, rerun, trigger, pause and resize, while workers are killed and relieved.

Two of them act as the command line does, by operations; one sits at the page. What each does and when is a plan of the
seed; upon which run and task depends on what is there at that moment.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any
from urllib.error import HTTPError

import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.errors import Conflict
from scheduler.operations.cancel import cancel_run
from scheduler.operations.mark import Mark, mark_run, mark_task
from scheduler.operations.pause import set_paused
from scheduler.operations.pools import set_pool
from scheduler.operations.rerun import Preview, RerunRequest, rerun
from scheduler.store.tables import attempt, dag_run, task_instance
from tests.chaos.arena import Arena
from tests.chaos.browser import Browser
from tests.chaos.case import PERSON, Asked
from tests.chaos.plan import Choice, Fault, described, mixture, perform
from tests.chaos.scenarios.scenario import Scenario, start
from tests.chaos.workload import NARROW, POOL
from tests.integration.waiting import eventually

DAG = "field"
#: For how long people act, and how often each does.
_FOR_S, _EVERY_S = 40.0, 0.6
_TAKEN_BACK = (
    Choice("cancel", 3),
    Choice("rerun", 6, ("all", "failed", "downstream", "task")),
    Choice("mark run", 2, ("success", "failed")),
    Choice("mark task", 4, ("success", "failed")),
    Choice("trigger", 2),
)
#: What the page has no button for is done by the others.
_BESIDES = (Choice("pause", 1), Choice("resume", 1), Choice("resize", 2, ("2", "3", "5")))
_WORKERS = (Choice("kill", 2, ("worker-1", "worker-2")), Choice("relieve", 1, ("worker-2", "worker-3")))
_RUNNING = ("running", "queued")
#: How long the tasks of a run last, and how many of the runs ignore SIGTERM, or fail at first.
_LASTS_S = (0.1, 0.4, 2.0)
_STUBBORN, _FAILS_FIRST = 0.2, 0.3


class Target:
    """What somebody finds to act upon: mostly what is under way, now and then what has ended."""

    def __init__(self, arena: Arena, rng: Random) -> None:
        self._arena = arena
        self._rng = rng

    def run(self) -> str | None:
        """Choose a run; none where there is none."""
        return self._choose(sa.select(dag_run.c.run_id, dag_run.c.state))

    def task(self, run_id: str) -> str | None:
        """Choose a task of a run."""
        query = sa.select(task_instance.c.task_id, task_instance.c.state)
        of_run = query.join(dag_run, dag_run.c.id == task_instance.c.run_pk)
        return self._choose(of_run.where(dag_run.c.run_id == run_id))

    def _choose(self, query: sa.Select[Any]) -> str | None:
        rows = sorted(tuple(row) for row in self._arena.rows(query))
        live = [name for name, state in rows if state in _RUNNING]
        names = live if live and self._rng.random() < 0.7 else [name for name, _ in rows]
        return self._rng.choice(names) if names else None


@dataclass(slots=True)
class Terminal:
    """Does what the commands do."""

    arena: Arena
    actor: str

    def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        self._do(cancel_run, DAG, run_id)

    def rerun(self, run_id: str, task_id: str, scope: str) -> bool:
        """Run a whole run again, or what failed, or a task, or that and all that follows; whether any had begun."""
        has_task = scope in ("task", "downstream")
        request = RerunRequest(
            dag_id=DAG,
            run_id=run_id,
            tasks=(task_id,) if has_task else (),
            downstream=scope == "downstream",
            only_failed=scope == "failed",
        )
        preview: Preview = self._do(rerun, request)
        return bool(preview.tasks)

    def mark_run(self, run_id: str, to: str) -> None:
        """Mark a run."""
        self._do(mark_run, DAG, run_id, to=to)

    def mark_task(self, run_id: str, task_id: str, to: Mark) -> None:
        """Mark a task."""
        self._do(mark_task, DAG, run_id, task_id, to=to)

    def pause(self, *, is_paused: bool) -> None:
        """Pause the DAG, or resume it."""
        self._do(set_paused, [DAG], is_paused=is_paused)

    def resize(self, slots: int) -> None:
        """Give the pool another size."""
        self._do(set_pool, POOL, slots)

    def _do(self, operation: Any, *words: Any, **how: Any) -> Any:
        now = SystemClock().now()
        return self.arena.project.db.transact(
            lambda session: operation(session, now, *words, **how, actor=self.actor)
        )


@dataclass(slots=True)
class AtThePage:
    """Does it by the buttons of the page, and by the API where that has it."""

    browser: Browser
    actor: str = f"{PERSON}owner"

    def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        self.browser.post(f"/dags/{DAG}/runs/{run_id}/cancel")

    def rerun(self, run_id: str, task_id: str, scope: str) -> bool:
        """Run again, in the words of the form; whether the page says that anything will."""
        task = task_id if scope in ("task", "downstream") else ""
        answer = self.browser.post(f"/dags/{DAG}/runs/{run_id}/rerun", task=task, scope=scope)
        assert " will run again." in answer, answer[:2000]
        return " 0 tasks will run again." not in f" {' '.join(answer.replace('>', ' ').split())}"

    def mark_run(self, run_id: str, to: str) -> None:
        """Mark a run."""
        self.browser.post(f"/dags/{DAG}/runs/{run_id}/mark", to=to)

    def mark_task(self, run_id: str, task_id: str, to: Mark) -> None:
        """Mark a task."""
        self.browser.post(f"/dags/{DAG}/runs/{run_id}/mark", task=task_id, to=to)

    def pause(self, *, is_paused: bool) -> None:
        """Pause the DAG, or resume it."""
        self.browser.patch(f"/api/v2/dags/{DAG}", {"is_paused": is_paused})


Means = Terminal | AtThePage


class Person:
    """Somebody with a plan, and the means to carry it out."""

    def __init__(self, arena: Arena, means: Any, rng: Random) -> None:
        self._arena = arena
        self._means = means
        self._rng = rng
        self._target = Target(arena, rng)
        #: Acts that were done, and those that were refused as there was nothing to do.
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def act(self, name: str, words: str) -> None:
        """Do it, and take note of it once it was acknowledged; a refusal is an answer, too."""
        try:
            run_id = getattr(self, f"_{name.replace(' ', '_')}")(words)
        except Conflict:
            self.refused[name] += 1
        except HTTPError as error:
            if error.code != HTTPStatus.CONFLICT:
                raise AssertionError(f"{name} {words}: {error}\n{error.read().decode()[:500]}") from error
            self.refused[name] += 1
        else:
            self.done[name] += 1
            if run_id:
                what = f"{name} {words}".strip()
                self._arena.asked.append(Asked(self._means.actor, what, run_id, time.monotonic()))

    def _cancel(self, _: str) -> str | None:
        if run_id := self._target.run():
            self._means.cancel(run_id)
        return run_id

    def _rerun(self, scope: str) -> str | None:
        run_id, task_id = self._run_and_task()
        if run_id and task_id and self._means.rerun(run_id, task_id, scope):
            return run_id
        # Of two that clear a task, the second finds it cleared.
        return None

    def _mark_run(self, to: str) -> str | None:
        if run_id := self._target.run():
            self._means.mark_run(run_id, to)
        return run_id

    def _mark_task(self, to: str) -> str | None:
        run_id, task_id = self._run_and_task()
        if run_id and task_id:
            self._means.mark_task(run_id, task_id, to)
        return run_id

    def _run_and_task(self) -> tuple[str | None, str | None]:
        run_id = self._target.run()
        return run_id, self._target.task(run_id) if run_id else None

    def _trigger(self, _: str) -> None:
        self._arena.reap(
            runs=1,
            seconds=self._rng.choice(_LASTS_S),
            stubborn=self._rng.random() < _STUBBORN,
            fails_first=self._rng.random() < _FAILS_FIRST,
        )

    def _pause(self, _: str) -> None:
        self._means.pause(is_paused=True)

    def _resume(self, _: str) -> None:
        self._means.pause(is_paused=False)

    def _resize(self, slots: str) -> None:
        self._means.resize(int(slots))


def people(arena: Arena) -> None:
    """Three people for 40 s, each acting every 0.6 s; then they leave, and everything comes to its end."""
    start(arena, workers=3, layers=3, width=4)
    page = arena.web().wait_for("Sign in: ")
    everybody = _everybody(arena, Browser(page.output.split("Sign in: ", 1)[1].split()[0]))
    arena.reap(runs=5, seconds=0.4)
    with ThreadPoolExecutor(len(everybody)) as pool:
        for each in [pool.submit(perform, plan, stage) for stage, plan in everybody]:
            each.result()
    owner = Terminal(arena, f"{PERSON}ada")
    owner.pause(is_paused=False)
    owner.resize(NARROW.pool_slots)
    arena.finish(within=150)
    live = sa.select(attempt.c.id).where(attempt.c.state.in_(_RUNNING))
    eventually(lambda: not arena.rows(live), within=30, told=arena.project.told)
    acting = [stage for stage, _ in everybody if isinstance(stage, Person)]
    for word, counts in (
        ("done", [each.done for each in acting]),
        ("refused", [each.refused for each in acting]),
    ):
        total = sum(counts, Counter[str]())
        arena.say(f"  {word}: {', '.join(f'{number} {name}' for name, number in total.most_common())}")


def _everybody(arena: Arena, browser: Browser) -> list[tuple[Any, list[Fault]]]:
    """Return who acts, with a plan of their own each."""
    means: tuple[Means, ...] = (
        Terminal(arena, f"{PERSON}ada"),
        Terminal(arena, f"{PERSON}bob"),
        AtThePage(browser),
    )
    made: list[tuple[Any, list[Fault]]] = []
    for each in means:
        besides = _BESIDES if isinstance(each, Terminal) else _BESIDES[:2]
        plan = mixture(arena.rng, (*_TAKEN_BACK, *besides), every_s=_EVERY_S, for_s=_FOR_S)
        arena.say(f"{each.actor}:\n{described(plan)}")
        made.append((Person(arena, each, Random(arena.rng.random())), plan))
    faults = mixture(arena.rng, _WORKERS, every_s=6.0, for_s=_FOR_S)
    arena.say(f"besides:\n{described(faults)}")
    return [*made, (arena, faults)]


SCENARIOS = (
    Scenario(
        name="people",
        shows="three people cancel, mark, rerun, trigger, pause and resize, under load, while workers are killed",
        play=people,
    ),
)
