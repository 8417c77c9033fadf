"""What there is to judge, with what each rule looks up in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.chaos.history import Attempt, History, Move, Run, Task
from tests.chaos.ledger import Entry, Life, lives_of

#: What tasks say that fail as they are told to.
ON_PURPOSE = "on purpose"
#: How the event table names people.
PERSON = "user:"


@dataclass(frozen=True, slots=True)
class Asked:
    """An act upon a run that a person was told is done, at an instant of the monotonic clock."""

    actor: str
    what: str
    run_id: str
    done_at: float


@dataclass(frozen=True)
class Case:
    """What there is to judge.

    `origin_s`: what the wall clock said when the monotonic one began. `skew_s`: how far clocks of hosts were set apart
    on purpose. `fails`: DAGs whose runs are to fail. `forgiven`: reasons with which any attempt may fail, as a pattern.
    `asked`: what people were told is done.
    """

    history: History
    entries: Sequence[Entry]
    origin_s: float
    skew_s: float = 0.0
    fails: Collection[str] = ()
    forgiven: str = ON_PURPOSE
    asked: Sequence[Asked] = ()
    lease_s: float = 6.0

    @cached_property
    def lives(self) -> list[Life]:
        """What tasks told of their lives, oldest first."""
        return lives_of(self.entries)

    @cached_property
    def runs(self) -> dict[int, Run]:
        """Runs by key."""
        return {run.id: run for run in self.history.runs}

    @cached_property
    def tasks(self) -> dict[int, Task]:
        """Task instances by key."""
        return {task.id: task for task in self.history.tasks}

    @cached_property
    def attempts(self) -> dict[int, Attempt]:
        """Attempts by key."""
        return {attempt.id: attempt for attempt in self.history.attempts}

    @cached_property
    def attempts_of(self) -> dict[int, list[Attempt]]:
        """Attempts of each task instance, oldest first; callbacks left out."""
        found: defaultdict[int, list[Attempt]] = defaultdict(list)
        for attempt in self.history.attempts:
            if attempt.ti_id is not None and attempt.kind == "task":
                found[attempt.ti_id].append(attempt)
        return found

    @cached_property
    def lives_of_task(self) -> dict[int, list[Life]]:
        """Lives of each task instance, oldest first."""
        found: defaultdict[int, list[Life]] = defaultdict(list)
        for life in self.lives:
            attempt = self.attempts.get(life.attempt_id)
            if attempt is not None and attempt.ti_id is not None:
                found[attempt.ti_id].append(life)
        return found

    @cached_property
    def lives_of_attempt(self) -> dict[int, list[Life]]:
        """Lives of each attempt, one a claim, oldest first."""
        found: defaultdict[int, list[Life]] = defaultdict(list)
        for life in self.lives:
            found[life.attempt_id].append(life)
        return found

    @cached_property
    def last_moves(self) -> dict[tuple[str, int], Move]:
        """How each run (`run.state`) and task (`task.state`) came to where it is."""
        return {key_of(move): move for move in self.history.moves}

    @cached_property
    def touched(self) -> set[int]:
        """Runs in which a person did anything."""
        return {move.run_pk for move in self.history.moves if is_by_hand(move)}

    def upstream_of(self, task: Task) -> tuple[str, ...]:
        """What a task waits for."""
        return self.history.upstream[self.runs[task.run_pk].version_id].get(task.task_id, ())

    def name(self, ti_id: int) -> str:
        """How messages call a task instance."""
        task = self.tasks[ti_id]
        return f"{self.runs[task.run_pk].run_id} {task.task_id}{f'[{task.path}]' if task.path else ''}"


def is_by_hand(move: Move) -> bool:
    """Whether a person made this move."""
    return move.actor.startswith(PERSON)


def key_of(move: Move) -> tuple[str, int]:
    """Return whose move it is: by kind and key of the run or task."""
    return move.kind, move.run_pk if move.kind == "run.state" else move.ti_id or 0
