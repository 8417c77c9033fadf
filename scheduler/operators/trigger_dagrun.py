"""TriggerDagRunOperator: starts a run of another DAG, and waits for its end where that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.errors import AlreadyExists
from scheduler.sdk.arguments import check_given, read_duration, read_flag, read_instant
from scheduler.sdk.context import Context, current_channel, current_clock
from scheduler.sdk.deferral import NamedTrigger
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.run_states import read_run_states
from scheduler.sdk.signals import RescheduleTask, SkipTask, TaskError

#: Where the id of the run is kept that it triggered.
RUN_ID: Final = "trigger_run_id"
#: Where that is kept which the run returned, when it was waited for.
RESULT: Final = "result"
_WHAT: Final = "TriggerDagRunOperator"


class TriggerDagRunOperator(BaseOperator):
    """Starts a run of a DAG with `conf`; returns the id of the run, which is also kept as `trigger_run_id`.

    A run that exists already (same `trigger_run_id`, or same `logical_date`) fails the task; `reset_dag_run` runs it
    again instead, `skip_when_already_exists` skips. With `wait_for_completion` it looks every `poke_interval` for the
    end of the run, holds no slot meanwhile, fails where the run ends in one of `failed_states`, and keeps what it
    returned (`@result`) under `result`; with `deferrable` a trigger looks in its place.
    """

    template_fields = ("trigger_dag_id", "trigger_run_id", "logical_date", "conf", "note")

    def __init__(
        self,
        task_id: str,
        *,
        trigger_dag_id: str,
        trigger_run_id: str | None = None,
        conf: Mapping[str, Any] | None = None,
        logical_date: datetime | str | None = None,
        reset_dag_run: bool = False,
        wait_for_completion: bool = False,
        poke_interval: timedelta | float = 60,
        allowed_states: Iterable[str] | None = None,
        failed_states: Iterable[str] | None = None,
        skip_when_already_exists: bool = False,
        fail_when_dag_is_paused: bool = False,
        note: str = "",
        deferrable: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        check_given("trigger_dag_id", trigger_dag_id, "give the dag_id of the DAG to start")
        self.trigger_dag_id = trigger_dag_id
        self.trigger_run_id = trigger_run_id
        self.conf = conf
        self.logical_date = _text(logical_date)
        self.reset_dag_run = read_flag("reset_dag_run", reset_dag_run)
        self.wait_for_completion = read_flag("wait_for_completion", wait_for_completion)
        self.poke_interval = read_duration("poke_interval", poke_interval) or timedelta(0)
        self.allowed_states = read_run_states("allowed_states", allowed_states, ("success",))
        self.failed_states = read_run_states("failed_states", failed_states, ("failed",))
        self.skip_when_already_exists = read_flag("skip_when_already_exists", skip_when_already_exists)
        self.fail_when_dag_is_paused = read_flag("fail_when_dag_is_paused", fail_when_dag_is_paused)
        self.note = note or ""
        self.deferrable = read_flag("deferrable", deferrable)

    def execute(self, context: Context) -> str:
        """Start the run, or look after the one that an earlier attempt of this try started."""
        instance = context["ti"]
        if self.wait_for_completion and instance.waiting_since:
            run_id = current_channel(_WHAT).get_xcom(self.task_id, RUN_ID, path=instance.path)
        else:
            run_id = self._trigger()
            instance.xcom_push(RUN_ID, run_id)
            self.log.info("Started run %s of %s.", run_id, self.trigger_dag_id)
        if self.wait_for_completion:
            self._look_after(run_id)
        return str(run_id)

    def go_on(self, context: Context, event: Any) -> str:
        """Go on once the run has ended."""
        run_id = current_channel(_WHAT).get_xcom(self.task_id, RUN_ID, path=context["ti"].path)
        self._look_after(run_id)
        return str(run_id)

    def _trigger(self) -> str:
        channel = current_channel(_WHAT)
        try:
            return channel.trigger_dag(
                self.trigger_dag_id,
                conf=dict(self.conf or {}),
                run_id=self.trigger_run_id,
                logical_date=self.logical_date,
                note=self.note,
                refuses_paused=self.fail_when_dag_is_paused,
            )
        except AlreadyExists as error:
            if self.skip_when_already_exists:
                raise SkipTask(f"{error} It is not started again.") from error
            if not self.reset_dag_run:
                raise
            channel.rerun_dag(self.trigger_dag_id, error.name)
            return error.name

    def _look_after(self, run_id: str) -> None:
        """Return where the run ended as it may, raise TaskError where not, and wait where it goes on."""
        state = current_channel(_WHAT).run_state(self.trigger_dag_id, run_id)
        where = f"Run {run_id!r} of DAG {self.trigger_dag_id!r}"
        if state in self.failed_states:
            raise TaskError(f"{where} is {state}, which is one of failed_states.")
        if state in self.allowed_states:
            self._keep_result(run_id)
            return
        if state is None:
            raise TaskError(f"{where} is not there any more: somebody deleted it.")
        if state in ("success", "failed"):
            raise TaskError(f"{where} ended as {state}, which is none of allowed_states.")
        self.log.info("%s is %s.", where, state)
        if not self.deferrable:
            raise RescheduleTask(current_clock().now() + self.poke_interval)
        states = sorted({"success", "failed", *self.allowed_states, *self.failed_states})
        kwargs = {
            "dag_id": self.trigger_dag_id,
            "states": states,
            "run_ids": [run_id],
            "poll_interval": self.poke_interval.total_seconds(),
        }
        trigger = NamedTrigger("scheduler.triggers.external_task.DagStateTrigger", kwargs)
        self.defer(trigger=trigger, method_name="go_on")

    def _keep_result(self, run_id: str) -> None:
        """Keep what the run returned, as it is written down: this file need not know its classes."""
        channel = current_channel(_WHAT)
        results = channel.run_results(self.trigger_dag_id, run_id)
        if results:
            channel.set_xcom(RESULT, next(iter(results.values())) if len(results) == 1 else results)


def _text(date: Any) -> Any:
    """Return the text of an instant; a text, or the promise of one, is read when it is rendered."""
    moment = read_instant("logical_date", date) if isinstance(date, datetime) else None
    return date if moment is None else moment.isoformat()
