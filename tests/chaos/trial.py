"""Judges runs batch by batch as they end, so that retention may delete them; what it keeps does not grow with them."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from scheduler.clock import SystemClock
from tests.chaos.case import Case
from tests.chaos.checker import Violation, check, no_limit_is_exceeded
from tests.chaos.history import all_runs, ended_runs, read_history
from tests.chaos.ledger import Entry, Reader
from tests.chaos.loads import Loads
from tests.integration.project import Project

#: Since the end of a run, before it is judged: who lives on in spite of it has told so by then.
SETTLED_AFTER = timedelta(seconds=20)
#: Runs that are judged at once.
BATCH = 20
#: What is told now was true a moment ago.
_MARGIN_S = 2.0


class Trial:
    """Of one installation, on the terms of a `Case`. One thread at a time calls it."""

    def __init__(self, project: Project, reader: Reader, **terms: Any) -> None:
        self._project = project
        self._reader = reader
        self._terms = terms
        self._loads = Loads()
        self._told: defaultdict[str, list[Entry]] = defaultdict(list)
        self._judged: set[str] = set()
        self.violations: list[Violation] = []
        #: Attempts by state, and the ends that tasks told of.
        self.attempts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.tasks = 0
        self.ends = 0

    def sit(self, settled: timedelta = SETTLED_AFTER) -> None:
        """Judge the runs that have ended, and were so for a while, since it sat last."""
        now, read_s = SystemClock().now(), time.monotonic()
        self._listen()
        ended = ended_runs(self._project.db, now - settled)
        waiting = [(key, run_id) for key, run_id in ended.items() if run_id not in self._judged]
        for first in range(0, len(waiting), BATCH):
            self._judge(dict(waiting[first : first + BATCH]))
        begun = (entries[0].at for entries in self._told.values())
        self._breach("no_limit_is_exceeded", self._loads.settle(min(begun, default=read_s) - _MARGIN_S))

    def close(self, acknowledged: Iterable[str]) -> None:
        """Judge all that is left, whatever became of it; what was acknowledged is to be among what was judged."""
        self._listen()
        left = {
            key: run_id for key, run_id in all_runs(self._project.db).items() if run_id not in self._judged
        }
        self._judge(left)
        self._breach("attempts_are_known", (f"{run_id} is told of, but unknown" for run_id in self._told))
        self._breach("no_limit_is_exceeded", self._loads.close())
        gone = (f"run {run_id} is gone" for run_id in acknowledged if run_id not in self._judged)
        self._breach("nothing_is_lost", gone)

    def _listen(self) -> None:
        for entry in self._reader.more():
            self.ends += entry.what == "end"
            if entry.run_id in self._judged:
                words = f"attempt {entry.attempt_id}, epoch {entry.epoch} lived on after run {entry.run_id}"
                self._breach("none_outlives_its_lease", [words])
            else:
                self._told[entry.run_id].append(entry)

    def _judge(self, runs: dict[int, str]) -> None:
        history = read_history(self._project.db, runs)
        entries = [entry for run_id in runs.values() for entry in self._told.get(run_id, ())]
        origin_s = SystemClock().now().timestamp() - time.monotonic()
        case = Case(history, entries, origin_s, **self._terms)
        self.violations += check(case, but=[no_limit_is_exceeded])
        self._loads.add(case)
        self.tasks += len(history.tasks)
        self.attempts.update(attempt.state for attempt in history.attempts)
        self.reasons.update(attempt.reason for attempt in history.attempts if attempt.state != "success")
        for run_id in runs.values():
            self._told.pop(run_id, None)
            self._judged.add(run_id)

    def _breach(self, rule: str, words: Iterable[str]) -> None:
        self.violations += [Violation(rule, each) for each in words]

    @property
    def facts(self) -> str:
        """What was judged, in a line."""
        attempts = ", ".join(f"{number} {state}" for state, number in sorted(self.attempts.items()))
        return f"{self.tasks} tasks; attempts: {attempts}; {self.ends} came to their end"
