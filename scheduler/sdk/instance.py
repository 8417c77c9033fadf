"""The running task instance and its run, as user code sees them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scheduler.sdk.channel import Channel
from scheduler.sdk.results import RETURN_KEY
from scheduler.sdk.views import InstanceViews
from scheduler.sdk.xcom import decode, encode
from scheduler.wire import Job, RunInfo

if TYPE_CHECKING:
    from scheduler.sdk.operator import BaseOperator


#: Loaded where something is mapped.
_GATHERED: Final = "scheduler.sdk.gathered"


class Source(NamedTuple):
    """Which of the values of a task is asked for."""

    key: str = RETURN_KEY
    map_indexes: int | Iterable[int] | None = None
    dag_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class DagRun:
    """The run, as templates and user code see it. Instants are aware, in UTC."""

    dag_id: str
    run_id: str
    run_type: str
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    run_after: datetime
    start_date: datetime | None
    queued_at: datetime | None
    conf: dict[str, Any]
    triggered_by: str
    state: str
    partition_key: str | None = None
    partition_date: datetime | None = None

    @property
    def execution_date(self) -> datetime | None:
        """The logical date, under Airflow 2's name."""
        return self.logical_date

    @property
    def external_trigger(self) -> bool:
        """Whether a person or program started it, and not a schedule."""
        return self.run_type == "manual"


class TaskInstance(InstanceViews):
    """The running task instance: its identity, and its way to the values of others."""

    def __init__(
        self, task: BaseOperator, job: Job, channel: Channel, started_at: datetime, dag_run: DagRun
    ) -> None:
        self.task = task
        self.task_id = task.task_id
        self.dag_id = job.run.dag_id
        self.run_id = job.run.run_id
        self.path = job.path
        #: Counts from 1, through reruns too; attempts that were lost, stopped or put off are no tries.
        self.try_number = job.try_number - job.excused
        self.max_tries = job.max_tries - job.excused
        self.start_date = started_at
        self.queued_dttm = instant(job.queued_at)
        #: When a task that was put off for a time first looked, in this try.
        self.waiting_since = instant(job.waiting_since)
        self.dag_run = dag_run
        self.state = "running"
        self.skipped: set[str] = set()
        self._job = job
        self.channel = channel

    @property
    def map_index(self) -> int:
        """Index among mapped instances; -1 where the task is not mapped."""
        last = self.path.rpartition(".")[2]
        return int(last) if last else -1

    @property
    def log(self) -> logging.Logger:
        """Where the task logs to."""
        return self.task.log

    @property
    def key(self) -> str:
        """Stable name of this task instance, the same in each of its attempts: for idempotent effects."""
        return f"{self.dag_id}/{self.run_id}/{self.task_id}" + (f"/{self.path}" if self.path else "")

    @property
    def logical_date(self) -> datetime | None:
        """Logical date of the run."""
        return self.dag_run.logical_date

    execution_date = logical_date

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep a value under this task and key at once. Raises NotSerializable or TooLarge."""
        self.channel.set_xcom(key, encode(value, what=f"XCom {key!r} of task {self.task_id!r}"))

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        key: str | None = RETURN_KEY,
        *,
        dag_id: str | None = None,
        run_id: str | None = None,
        map_indexes: int | Iterable[int] | None = None,
        default: Any = None,
    ) -> Any:
        """Return a value of another task, or a list for several task_ids; `default` where there is none.

        Without task_ids: of the one direct upstream task, or of all of them as a list. Of a mapped task: a sequence of
        what its instances handed on, in the order of their indices, fetched as it is looped over; in the same mapped
        group the value of the same index. `map_indexes` names others: one, or several as a list.
        """
        source = Source(key or RETURN_KEY, map_indexes, dag_id, run_id)
        if isinstance(task_ids, str):
            return self._pull(task_ids, source, default)
        wanted = sorted(self.task.upstream_task_ids) if task_ids is None else list(task_ids)
        values = [self._pull(each, source, default) for each in wanted]
        return values[0] if task_ids is None and len(values) == 1 else values

    def _pull(self, task_id: str, source: Source, default: Any) -> Any:
        key, indexes, dag_id, run_id = source
        is_own = dag_id in (None, self.dag_id)
        known = self.task.dag.task_dict.get(task_id) if is_own and self.task.dag else None
        if known is not None and known.dimensions:
            return import_module(_GATHERED).pull(self, known, source, default)
        if indexes is not None and not isinstance(indexes, int):
            return [self._pull(task_id, source._replace(map_indexes=each), default) for each in indexes]
        path = "" if indexes is None or indexes < 0 else str(indexes)
        at_hand = key == RETURN_KEY and not path and is_own and run_id in (None, self.run_id)
        if at_hand and task_id in self._job.xcoms:
            return decode(self._job.xcoms[task_id])
        value = self.channel.get_xcom(task_id, key, path=path, run_id=run_id, dag_id=dag_id)
        return default if value is None else decode(value)

    def skip_tasks(self, task_ids: Iterable[str]) -> None:
        """Let these tasks be skipped once this attempt ends well: how a branch drops the ways not taken."""
        self.skipped.update(task_ids)

    def is_latest_run(self) -> bool:
        """Whether no newer run than this one is due by the schedule; of runs by hand always."""
        return self.channel.is_latest_run()

    def __repr__(self) -> str:
        return f"<TaskInstance: {self.key} try {self.try_number} of {self.max_tries}>"


def instant(text: str | None) -> datetime | None:
    """Read an instant of the wire; None stays None."""
    return None if text is None else datetime.fromisoformat(text)


def dag_run_of(run: RunInfo) -> DagRun:
    """Return the run as user code sees it."""
    return DagRun(
        dag_id=run.dag_id,
        run_id=run.run_id,
        run_type=run.run_type,
        logical_date=instant(run.logical_date),
        data_interval_start=instant(run.data_interval_start),
        data_interval_end=instant(run.data_interval_end),
        run_after=datetime.fromisoformat(run.run_after),
        start_date=instant(run.start_date),
        queued_at=instant(run.queued_at),
        conf=run.conf,
        triggered_by=run.triggered_by,
        state=run.state,
        partition_key=run.partition_key,
        partition_date=instant(run.partition_date),
    )
