"""What came of a simulation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTask:
    """A task instance of a run; `None` where it did not come so far."""

    task_id: str  #: with its index: "load[2]"
    state: str
    tries: int
    started_at: datetime | None
    ended_at: datetime | None
    reason: str = ""  #: why it did not run, or waits


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRun:
    """A run; it was due at `run_after`."""

    dag_id: str
    run_id: str
    logical_date: datetime
    run_after: datetime
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    state: str
    tasks: tuple[SimulatedTask, ...] = ()

    @property
    def late(self) -> timedelta:
        """How long after it was due it started; of a run that did not, zero."""
        return (self.started_at - self.run_after) if self.started_at else timedelta(0)

    @property
    def took(self) -> timedelta | None:
        """How long it ran, None where it did not end."""
        return self.ended_at - self.started_at if self.started_at and self.ended_at else None

    def task(self, task_id: str) -> SimulatedTask:
        """Return a task of it; raises KeyError."""
        found = {each.task_id: each for each in self.tasks}
        return found[task_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The runs that were due from `start` and before `end`, in the order in which they were created."""

    start: datetime
    end: datetime
    runs: tuple[SimulatedRun, ...]

    def of(self, dag_id: str) -> list[SimulatedRun]:
        """Return the runs of one DAG."""
        return [run for run in self.runs if run.dag_id == dag_id]

    def starts(self, dag_id: str = "") -> list[datetime]:
        """Return the instants at which runs started, of one DAG or of all."""
        return [run.started_at for run in self.runs if run.started_at and dag_id in ("", run.dag_id)]

    def most_tasks_at_once(self) -> int:
        """Return how many tasks ran at once at most: the slots that workers would have to have."""
        return _most_at_once((task.started_at, task.ended_at) for run in self.runs for task in run.tasks)

    def most_runs_at_once(self, dag_id: str = "") -> int:
        """Return how many runs there were at once at most, of one DAG or of all."""
        chosen = [run for run in self.runs if dag_id in ("", run.dag_id)]
        return _most_at_once((run.started_at, run.ended_at) for run in chosen)

    def table(self) -> str:
        """Return the runs as text, a line each."""
        rows = [("dag_id", "logical_date", "due", "started", "late", "took", "state")]
        rows += [
            (
                run.dag_id,
                _shown(run.logical_date),
                _shown(run.run_after),
                _shown(run.started_at),
                str(run.late) if run.late else "",
                "" if run.took is None else str(run.took),
                run.state,
            )
            for run in self.runs
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows
        )
        return "\n".join(line.rstrip() for line in lines)


def _shown(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")


def _most_at_once(spans: Iterable[tuple[datetime | None, datetime | None]]) -> int:
    """Count; what ends at an instant makes room for what begins at it, and what takes no time counts as a place."""
    most = now = 0
    known = [(began, ended) for began, ended in spans if began is not None]
    steps = [(began, 1) for began, ended in known if ended is None or ended > began]
    steps += [(ended, -1) for began, ended in known if ended is not None and ended > began]
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most or min(len(known), 1)
