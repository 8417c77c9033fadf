"""How much of each limit was in use at once, over as many batches of runs as there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf

from scheduler.core.states import RunState
from tests.chaos.case import Case

#: From, to, how much.
Span = tuple[float, float, int]
#: A limit by its kind and its name.
Limit = tuple[str, str]


def most(spans: Iterable[Span]) -> int:
    """Return the largest sum of the weights of spans that overlap; one may begin where another ends."""
    steps = sorted(step for began, seen, weight in spans for step in ((began, 1, weight), (seen, 0, -weight)))
    highest = level = 0
    for _, _, weight in steps:
        level += weight
        highest = max(highest, level)
    return highest


class Loads:
    """Pools, tasks of a run and slots of a worker, by what tasks told; runs of a DAG, by what was recorded."""

    def __init__(self) -> None:
        self._lives: defaultdict[Limit, list[Span]] = defaultdict(list)
        #: In terms of events: the one that began a run, the one that ended it.
        self._runs: defaultdict[Limit, list[Span]] = defaultdict(list)
        self._allowed: dict[Limit, int] = {}

    def add(self, case: Case) -> None:
        """Take in what some runs used."""
        history = case.history
        for name, slots in [*history.pools.items(), *((each.name, each.slots) for each in history.resizes)]:
            # The largest that it was; what it was when is the rule `pools_hold_what_they_were_given`.
            self._allowed["pool", name] = max(slots, self._allowed.get(("pool", name), 0))
        self._allowed |= {("slots of worker", name): slots for name, slots in history.worker_slots.items()}
        self._allowed |= {("tasks of run", run.run_id): run.max_active_tasks for run in history.runs}
        self._allowed |= {("runs of", dag_id): runs for dag_id, runs in history.max_active_runs.items()}
        self._add_lives(case)
        self._add_runs(case)

    def _add_lives(self, case: Case) -> None:
        for ti_id, lives in case.lives_of_task.items():
            task = case.tasks[ti_id]
            for life in lives:
                self._lives["pool", task.pool].append((life.began, life.seen, task.pool_slots))
                one = (life.began, life.seen, 1)
                self._lives["tasks of run", case.runs[task.run_pk].run_id].append(one)
                attempt = case.attempts[life.attempt_id]
                if attempt.epoch == life.epoch and attempt.worker_id is not None:
                    self._lives["slots of worker", attempt.worker_id].append(one)

    def _add_runs(self, case: Case) -> None:
        began: dict[int, int] = {}
        for move in case.history.moves:
            if move.kind != "run.state":
                continue
            if move.to_state == RunState.RUNNING:
                began.setdefault(move.run_pk, move.id)
            elif move.run_pk in began:
                self._add_run(case, move.run_pk, began.pop(move.run_pk), move.id)
        for run_pk, first in began.items():
            self._add_run(case, run_pk, first, inf)

    def _add_run(self, case: Case, run_pk: int, first: int, last: float) -> None:
        self._runs["runs of", case.runs[run_pk].dag_id].append((first, last, 1))

    def settle(self, before: float) -> Iterator[str]:
        """Yield what was exceeded before an instant, and forget what is over; all is known of what began before it."""
        for limit, spans in list(self._lives.items()):
            yield from self._exceeded(limit, [span for span in spans if span[0] < before])
            if kept := [span for span in spans if span[1] >= before]:
                self._lives[limit] = kept
            else:
                del self._lives[limit]
                if limit[0] == "tasks of run":
                    del self._allowed[limit]

    def close(self) -> Iterator[str]:
        """Yield what else was exceeded."""
        yield from self.settle(inf)
        for limit, spans in self._runs.items():
            yield from self._exceeded(limit, spans)

    def _exceeded(self, limit: Limit, spans: Iterable[Span]) -> Iterator[str]:
        if (used := most(spans)) > self._allowed[limit]:
            yield f"{' '.join(limit)}: {used} at once, allowed are {self._allowed[limit]}"
