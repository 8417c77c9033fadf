"""ExternalTaskSensor: waits for a run of another DAG, or for tasks in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.errors import BadDag
from scheduler.operators.python import call
from scheduler.sdk.arguments import bad_argument, read_flag
from scheduler.sdk.context import Context, current_channel
from scheduler.sdk.deferral import NamedTrigger
from scheduler.sdk.location import author_line
from scheduler.sdk.run_states import read_run_states, read_task_states
from scheduler.sdk.sensor import DeferrableSensor
from scheduler.sdk.signals import FailTask, SkipTask, TaskError

_WHAT: Final = "ExternalTaskSensor"


class ExternalTaskFailed(TaskError):
    """What an ExternalTaskSensor waits for has failed."""


class ExternalTaskSensor(DeferrableSensor):
    """Waits for the run of another DAG with the same logical date, or for tasks or a group in it.

    Another date: `execution_delta` earlier, or what `execution_date_fn` makes of the own one (a date or several).
    It goes on when all are in `allowed_states`, fails when one is in `failed_states` (skips, with `soft_fail`), and
    skips when one is in `skipped_states`. `check_existence` fails at once where there is no such DAG, task or group.
    """

    template_fields = ("external_dag_id", "external_task_id", "external_task_ids", "external_task_group_id")

    def __init__(
        self,
        task_id: str,
        *,
        external_dag_id: str,
        external_task_id: str | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        allowed_states: Iterable[str] | None = None,
        skipped_states: Iterable[str] | None = None,
        failed_states: Iterable[str] | None = None,
        execution_delta: timedelta | None = None,
        execution_date_fn: Callable[..., Any] | None = None,
        check_existence: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        _check_choice("execution_delta and execution_date_fn", execution_delta, execution_date_fn)
        wanted = (external_task_id, external_task_ids, external_task_group_id)
        _check_choice("external_task_id, external_task_ids and external_task_group_id", *wanted)
        if isinstance(external_task_ids, str):
            raise bad_argument("external_task_ids", external_task_ids, "give a list of task_ids")
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.external_task_ids = external_task_ids
        self.external_task_group_id = external_task_group_id
        read = read_run_states if wanted == (None, None, None) else read_task_states
        self.allowed_states = read("allowed_states", allowed_states, ("success",))
        self.skipped_states = read("skipped_states", skipped_states, ())
        self.failed_states = read("failed_states", failed_states, ())
        if doubled := _doubled(self.allowed_states, self.skipped_states, self.failed_states):
            raise BadDag(
                f"{author_line()}: {doubled!r} stands in more than one of allowed_states, skipped_states and "
                "failed_states; keep it in one."
            )
        self.execution_delta = execution_delta
        self.execution_date_fn = execution_date_fn
        self.check_existence = read_flag("check_existence", check_existence)

    def poke(self, context: Context) -> bool:
        """Look at the states for each date."""
        if self.check_existence:
            self._check_existence()
        dates = self._dates(context)
        self.log.info("Looks at %s for %s.", self._wanted(), ", ".join(each.isoformat() for each in dates))
        found = [self._states(each.isoformat()) for each in dates]
        states = [state for each in found for state in each.values()]
        self._end_early(states)
        return all(each and set(each.values()) <= set(self.allowed_states) for each in found)

    def trigger(self, context: Context) -> NamedTrigger:
        """Return what looks at the states, for all such waits at once."""
        kwargs = {
            "external_dag_id": self.external_dag_id,
            "logical_dates": self._dates(context),
            "external_task_ids": self._task_ids() or None,
            "allowed_states": self.allowed_states,
            "failed_states": self.failed_states,
            "skipped_states": self.skipped_states,
            "poke_interval": self.poke_interval,
        }
        return NamedTrigger("scheduler.triggers.external_task.ExternalTaskTrigger", kwargs)

    def go_on(self, context: Context, event: Any) -> None:
        """Go on, or end as the states demand."""
        if event["status"] == "failed":
            self._end_early(self.failed_states)
        if event["status"] == "skipped":
            self._end_early(self.skipped_states)

    def _end_early(self, states: Collection[str]) -> None:
        if failed := set(states) & set(self.failed_states):
            words = f"{self._wanted()}: {', '.join(sorted(failed))}, which is one of failed_states"
            raise SkipTask(words) if self.soft_fail else ExternalTaskFailed(words)
        if skipped := set(states) & set(self.skipped_states):
            raise SkipTask(f"{self._wanted()}: {', '.join(sorted(skipped))}, which is one of skipped_states")

    def _dates(self, context: Context) -> list[datetime]:
        own: datetime = context["logical_date"] or context["dag_run"].run_after
        if self.execution_delta is not None:
            return [own - self.execution_delta]
        if self.execution_date_fn is None:
            return [own]
        made = call(self.execution_date_fn, (own,), {}, context)
        return [made] if isinstance(made, datetime) else list(made)

    def _states(self, date: str) -> dict[str, str]:
        """Return the states of what is waited for at a date; empty while something of it is not there."""
        channel = current_channel(_WHAT)
        if not (task_ids := self._task_ids()):
            return channel.states_of_runs(self.external_dag_id, date)
        states = channel.task_states(self.external_dag_id, run_id=None, logical_date=date, task_ids=task_ids)
        there = {name.partition("[")[0] for name in states}
        return states if there.issuperset(task_ids) else {}

    def _task_ids(self) -> list[str]:
        if self.external_task_group_id is not None:
            return self._tasks_of_group()
        return [self.external_task_id] if self.external_task_id else list(self.external_task_ids or ())

    def _tasks_of_group(self) -> list[str]:
        tasks = current_channel(_WHAT).tasks_of_dag(self.external_dag_id) or {}
        found = [task_id for task_id, groups in tasks.items() if self.external_task_group_id in groups]
        if not found:
            raise FailTask(f"DAG {self.external_dag_id!r} has no task group {self.external_task_group_id!r}.")
        return found

    def _check_existence(self) -> None:
        tasks = current_channel(_WHAT).tasks_of_dag(self.external_dag_id)
        if tasks is None:
            raise FailTask(
                f"There is no DAG {self.external_dag_id!r}; look at its spelling, or drop check_existence."
            )
        if missing := sorted(set(self._task_ids()) - tasks.keys()):
            raise FailTask(
                f"DAG {self.external_dag_id!r} has no task {missing[0]!r}; it has {', '.join(sorted(tasks))}."
            )

    def _wanted(self) -> str:
        if self.external_task_group_id:
            return f"group {self.external_task_group_id} of {self.external_dag_id}"
        names = ", ".join([self.external_task_id] if self.external_task_id else self.external_task_ids or ())
        return f"{names} of {self.external_dag_id}" if names else self.external_dag_id


def _check_choice(names: str, *values: object) -> None:
    if sum(value is not None for value in values) > 1:
        raise BadDag(f"{author_line()}: {names} cannot be given together; choose one.")


def _doubled(*lists: Iterable[str]) -> str | None:
    counted = Counter(state for each in lists for state in set(each))
    return next((state for state, count in counted.items() if count > 1), None)
