"""What running user code sees: the context with Airflow's names, its task instance and its run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from scheduler.errors import DirigentError
from scheduler.sdk import macros
from scheduler.sdk.channel import Channel
from scheduler.sdk.params import read_params
from scheduler.sdk.results import RETURN_KEY
from scheduler.sdk.xcom import decode, encode
from scheduler.wire import Job, RunInfo

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.operator import BaseOperator

#: Names to values, as templates and `execute(context)` take them.
Context = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """The attempt that this process is running."""

    context: Context
    channel: Channel


#: The innermost last. Of the whole process, so that threads of user code find it too.
_running: Final[list[Attempt]] = []


@contextmanager
def running(attempt: Attempt) -> Iterator[None]:
    """Make an attempt the current one."""
    _running.append(attempt)
    try:
        yield
    finally:
        _running.remove(attempt)


def current_attempt() -> Attempt | None:
    """Return the attempt that this process runs, or None while a file is loaded."""
    return _running[-1] if _running else None


def current_channel(what: str) -> Channel:
    """Return the way to the supervisor; `what` names what was asked for in the error outside a task."""
    attempt = current_attempt()
    if attempt is None:
        raise DirigentError(f"{what} can be used in a running task only.")
    return attempt.channel


def get_current_context() -> Context:
    """Return the context of the task that is running; raises DirigentError outside a task."""
    attempt = current_attempt()
    if attempt is None:
        raise DirigentError(
            "get_current_context() can be called in a running task only, not while a DAG file is loaded."
        )
    return attempt.context


def publish_artifact(name: str, data: bytes | str, media_type: str = "") -> None:
    """Keep a document (a report, a chart) with the running task, for the page to show. At most 5 MB.

    Without `media_type` the ending of the name decides: .html, .svg, .png, .csv, .json, .md, .txt.
    """
    kind = media_type or _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    content = data.encode() if isinstance(data, str) else data
    current_channel("publish_artifact()").publish_artifact(name, kind, content)


_MEDIA_TYPES: Final = {
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "csv": "text/csv",
    "json": "application/json",
    "md": "text/markdown",
    "txt": "text/plain",
    "pdf": "application/pdf",
}


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

    @property
    def execution_date(self) -> datetime | None:
        """The logical date, under Airflow 2's name."""
        return self.logical_date

    @property
    def external_trigger(self) -> bool:
        """Whether a person or program started it, and not a schedule."""
        return self.run_type == "manual"


class TaskInstance:
    """The running task instance: its identity, and its way to the values of others."""

    def __init__(
        self, task: BaseOperator, job: Job, channel: Channel, started_at: datetime, dag_run: DagRun
    ) -> None:
        self.task = task
        self.task_id = task.task_id
        self.dag_id = job.run.dag_id
        self.run_id = job.run.run_id
        self.path = job.path
        self.try_number = job.try_number
        self.max_tries = job.max_tries
        self.start_date = started_at
        self.queued_dttm = instant(job.queued_at)
        self.dag_run = dag_run
        self.state = "running"
        self.skipped: set[str] = set()
        self._job = job
        self._channel = channel

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
        self._channel.set_xcom(key, encode(value, what=f"XCom {key!r} of task {self.task_id!r}"))

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        key: str = RETURN_KEY,
        *,
        dag_id: str | None = None,
        run_id: str | None = None,
        map_indexes: int | None = None,
        default: Any = None,
    ) -> Any:
        """Return a value of another task, or a list for several task_ids; `default` where there is none.

        Without task_ids: of the one direct upstream task, or of all of them as a list.
        """
        path = "" if map_indexes is None or map_indexes < 0 else str(map_indexes)
        if isinstance(task_ids, str):
            return self._pull(task_ids, key, path, dag_id, run_id, default)
        wanted = sorted(self.task.upstream_task_ids) if task_ids is None else list(task_ids)
        values = [self._pull(each, key, path, dag_id, run_id, default) for each in wanted]
        return values[0] if task_ids is None and len(values) == 1 else values

    def _pull(
        self, task_id: str, key: str, path: str, dag_id: str | None, run_id: str | None, default: Any
    ) -> Any:
        at_hand = (
            key == RETURN_KEY and not path and dag_id in (None, self.dag_id) and run_id in (None, self.run_id)
        )
        if at_hand and task_id in self._job.xcoms:
            return decode(self._job.xcoms[task_id])
        value = self._channel.get_xcom(task_id, key, path=path, run_id=run_id, dag_id=dag_id)
        return default if value is None else decode(value)

    def skip_tasks(self, task_ids: Iterable[str]) -> None:
        """Let these tasks be skipped once this attempt ends well: how a branch drops the ways not taken."""
        self.skipped.update(task_ids)

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
        conf=decode(run.conf),
        triggered_by=run.triggered_by,
        state=run.state,
    )


def run_context(dag: DAG, run: RunInfo, reason: str = "") -> Context:
    """Return what is known without a task: the context of a DAG's callbacks."""
    dag_run = dag_run_of(run)
    return {
        "dag": dag,
        "dag_run": dag_run,
        "run_id": run.run_id,
        "conf": dag_run.conf,
        "params": {
            **{name: each.default for name, each in dag.params.items() if each.has_default},
            **run.params,
        },
        "logical_date": dag_run.logical_date,
        "data_interval_start": dag_run.data_interval_start,
        "data_interval_end": dag_run.data_interval_end,
        "macros": macros,
        "reason": reason,
        "test_mode": False,
        **_dates(dag_run.logical_date or dag_run.run_after),
        **dag.user_defined_macros,
    }


def task_context(
    dag: DAG, task: BaseOperator, instance: TaskInstance, run: RunInfo, reason: str = ""
) -> Context:
    """Return the context of a task."""
    context = run_context(dag, run, reason)
    own = {name: each.default for name, each in read_params(task.params).items() if each.has_default}
    given = {name: value for name, value in context["conf"].items() if name in own}
    context["params"] = context["params"] | own | given
    return context | {
        "task": task,
        "ti": instance,
        "task_instance": instance,
        "task_instance_key_str": f"{instance.dag_id}__{instance.task_id}__{context['ds_nodash']}",
        "try_number": instance.try_number,
        "map_index_template": None,
        "expanded_ti_count": None,
        "inlets": [],
        "outlets": [],
    }


#: Every name that a task's context holds; a function that takes one of them need not be given it.
CONTEXT_NAMES: Final = frozenset(
    {
        *("conf", "conn", "dag", "dag_run", "data_interval_end", "data_interval_start", "ds", "ds_nodash"),
        *(
            "exception",
            "expanded_ti_count",
            "inlets",
            "logical_date",
            "macros",
            "map_index_template",
            "outlets",
        ),
        *("params", "reason", "run_id", "task", "task_instance", "task_instance_key_str", "templates_dict"),
        *("test_mode", "ti", "tomorrow_ds", "try_number", "ts", "ts_nodash", "ts_nodash_with_tz", "var"),
        "yesterday_ds",
    }
)


def _dates(moment: datetime) -> Mapping[str, Any]:
    """The texts made of the logical date; for runs without one, of the instant they are due."""
    return {
        "ds": moment.strftime("%Y-%m-%d"),
        "ds_nodash": moment.strftime("%Y%m%d"),
        "ts": moment.isoformat(),
        "ts_nodash": moment.strftime("%Y%m%dT%H%M%S"),
        "ts_nodash_with_tz": moment.isoformat().replace("-", "").replace(":", ""),
        "yesterday_ds": (moment - timedelta(days=1)).strftime("%Y-%m-%d"),
        "tomorrow_ds": (moment + timedelta(days=1)).strftime("%Y-%m-%d"),
    }
