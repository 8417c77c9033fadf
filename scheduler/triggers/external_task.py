"""Waiting for runs of other DAGs, and for tasks in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from scheduler.sdk.deferral import BaseTrigger, TriggerEvent
from scheduler.triggers.lookups import Asked, Found, look_up


class ExternalTaskTrigger(BaseTrigger):
    """Waits for runs of another DAG, or for tasks in them; its event is {"status": "success" | "failed" | "skipped"}.

    Success: each run, or each of `external_task_ids` in each run, is in `allowed_states`. The runs are found by
    `run_ids` or by `logical_dates`; what is not there yet is waited for. One in `failed_states` or `skipped_states`
    ends the wait.
    """

    def __init__(
        self,
        external_dag_id: str,
        run_ids: Sequence[str] | None = None,
        logical_dates: Sequence[datetime] | None = None,
        external_task_ids: Collection[str] | None = None,
        failed_states: Iterable[str] | None = None,
        skipped_states: Iterable[str] | None = None,
        allowed_states: Iterable[str] | None = None,
        poke_interval: float = 2.0,
        soft_fail: bool = False,
    ) -> None:
        super().__init__()
        self.external_dag_id = external_dag_id
        self.run_ids = run_ids
        self.logical_dates = logical_dates
        self.external_task_ids = None if external_task_ids is None else list(external_task_ids)
        self.failed_states = [str(each) for each in failed_states or ()]
        self.skipped_states = [str(each) for each in skipped_states or ()]
        self.allowed_states = [str(each) for each in allowed_states or ("success",)]
        self.poke_interval = poke_interval
        self.soft_fail = soft_fail

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what it is made of."""
        names = (
            *("external_dag_id", "run_ids", "logical_dates", "external_task_ids"),
            *("failed_states", "skipped_states", "allowed_states", "poke_interval", "soft_fail"),
        )
        kwargs = {name: getattr(self, name) for name in names}
        return "scheduler.triggers.external_task.ExternalTaskTrigger", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until they are where they should be."""
        while not (status := self._status(await look_up(self._asked()))):
            await asyncio.sleep(self.poke_interval)
        yield TriggerEvent({"status": status})

    def _asked(self) -> list[Asked]:
        return _asked(self.external_dag_id, self.run_ids, self.logical_dates, bool(self.external_task_ids))

    def _status(self, found: Sequence[Found]) -> str:
        by_run = [self._states(each) for each in found]
        states = {state for each in by_run for state in each}
        if states.intersection(self.failed_states):
            return "failed"
        if states.intersection(self.skipped_states):
            return "skipped"
        is_there = all(each and set(each) <= set(self.allowed_states) for each in by_run)
        return "success" if is_there else ""

    def _states(self, found: Found) -> list[str]:
        """Return the states of what is waited for in the runs of one id or date; none while something is missing."""
        if not self.external_task_ids:
            return list(found["runs"].values())
        states: list[str] = []
        for tasks in found["tasks"].values():
            named = {name: state for name, state in tasks.items() if _task_of(name) in self.external_task_ids}
            if not set(map(_task_of, named)).issuperset(self.external_task_ids):
                return []
            states += named.values()
        return states


class WorkflowTrigger(ExternalTaskTrigger):
    """The same, under Airflow's name."""


class DagStateTrigger(BaseTrigger):
    """Waits until runs of a DAG are in one of `states`; its event has what it was made of, and the states by run_id."""

    def __init__(
        self,
        dag_id: str,
        states: Iterable[str],
        run_ids: Sequence[str] | None = None,
        execution_dates: Sequence[datetime] | None = None,
        poll_interval: float = 5.0,
    ) -> None:
        super().__init__()
        self.dag_id = dag_id
        self.states = [str(each) for each in states]
        self.run_ids = run_ids
        self.execution_dates = execution_dates
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what it is made of."""
        names = ("dag_id", "states", "run_ids", "execution_dates", "poll_interval")
        return "scheduler.triggers.external_task.DagStateTrigger", {
            name: getattr(self, name) for name in names
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until they are."""
        asked = _asked(self.dag_id, self.run_ids, self.execution_dates, wants_tasks=False)
        while not all(map(self._is_there, found := await look_up(asked))):
            await asyncio.sleep(self.poll_interval)
        path, kwargs = self.serialize()
        states = {run_id: state for each in found for run_id, state in each["runs"].items()}
        yield TriggerEvent((path, kwargs | states))

    def _is_there(self, found: Found) -> bool:
        return bool(found["runs"]) and set(found["runs"].values()) <= set(self.states)


def _asked(
    dag_id: str, run_ids: Iterable[str] | None, dates: Iterable[datetime] | None, wants_tasks: bool
) -> list[Asked]:
    if not run_ids and not dates:
        raise ValueError(f"Which runs of {dag_id!r} are waited for? Give their ids or their logical dates.")
    return [Asked(dag_id, run_id, None, wants_tasks) for run_id in run_ids or ()] + [
        Asked(dag_id, None, date.isoformat(), wants_tasks) for date in dates or ()
    ]


def _task_of(name: str) -> str:
    return name.partition("[")[0]
