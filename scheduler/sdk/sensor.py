"""BaseSensorOperator: tasks that look again and again until what they wait for is there."""

from __future__ import annotations

import math
import time
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn

from scheduler.errors import BadDag
from scheduler.sdk.arguments import read_choice, read_duration, read_flag
from scheduler.sdk.context import Context, current_clock
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.signals import (
    FailTask,
    RescheduleTask,
    SensorTimeout,
    SkipTask,
    TaskDeferralError,
    TaskDeferralTimeout,
    Waits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: How long a sensor waits whose author says nothing: a week, as in Airflow.
TIMEOUT: Final = timedelta(days=7)


class SensorMode(StrEnum):
    """What a sensor does between two looks."""

    POKE = "poke"
    RESCHEDULE = "reschedule"


class PokeReturnValue:
    """What `poke` may return: whether the wait is over, and the value to hand on then."""

    def __init__(self, is_done: bool, xcom_value: Any = None) -> None:
        self.is_done = is_done
        self.xcom_value = xcom_value

    def __bool__(self) -> bool:
        return self.is_done


class BaseSensorOperator(BaseOperator):
    """A task that waits: override `poke`, which says whether what it waits for is there.

    `poke_interval` lies between two looks; with `exponential_backoff` it doubles from look to look, up to
    `max_wait`. In mode `poke` the task keeps its slot meanwhile, in mode `reschedule` it gives it back.
    After `timeout`, counted from the first look of a try, it fails and is not tried again, or is skipped where
    `soft_fail` is true. An error in `poke` fails the task; `silent_fail` logs it and goes on, `never_fail` skips.
    """

    poke_interval: float
    timeout: float

    def __init__(
        self,
        task_id: str,
        *,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float | None = TIMEOUT,
        soft_fail: bool = False,
        mode: SensorMode | str = SensorMode.POKE,
        exponential_backoff: bool = False,
        max_wait: timedelta | float | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        **arguments: Any,
    ) -> None:
        super().__init__(task_id, **arguments)
        self.poke_interval = _seconds("poke_interval", poke_interval, 60.0)
        self.timeout = _seconds("timeout", timeout, TIMEOUT.total_seconds())
        self.soft_fail = read_flag("soft_fail", soft_fail)
        self.mode = read_choice("mode", mode, SensorMode)
        self.exponential_backoff = read_flag("exponential_backoff", exponential_backoff)
        self.max_wait = read_duration("max_wait", max_wait)
        self.silent_fail = read_flag("silent_fail", silent_fail)
        self.never_fail = read_flag("never_fail", never_fail)
        if self.soft_fail and self.never_fail:
            raise BadDag(
                f"{author_line()}: {self.task_id} has both soft_fail and never_fail; choose one: soft_fail skips "
                "when it waited too long, never_fail when it cannot look."
            )

    @property
    def reschedule(self) -> bool:
        """Whether the slot is given back between two looks."""
        return self.mode is SensorMode.RESCHEDULE

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Say whether what the task waits for is there. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no poke(); override it.")

    def execute(self, context: Context) -> Any:
        """Look until it is there; return the value of a PokeReturnValue."""
        elapsed = self._stopwatch(context)
        while not (found := self.look(context)):
            waited = elapsed()
            if waited >= self.timeout:
                self.give_up(waited)
            pause = min(self._pause(waited), self.timeout - waited)
            if self.reschedule:
                raise RescheduleTask(current_clock().now() + timedelta(seconds=pause))
            self.sleep_between_looks(pause)
        return found.xcom_value if isinstance(found, PokeReturnValue) else None

    def sleep_between_looks(self, seconds: float) -> None:
        """Let time pass between two looks, in mode `poke`."""
        time.sleep(seconds)

    def resume_execution(
        self, next_method: str, next_kwargs: Mapping[str, Any] | None, context: Context
    ) -> Any:
        """Go on after a wait; one that took too long is a timeout of the sensor."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (TaskDeferralTimeout, TaskDeferralError) as error:
            if self.soft_fail or (self.never_fail and isinstance(error, TaskDeferralError)):
                raise SkipTask(f"{error}; skipped, as its author asked") from error
            if isinstance(error, TaskDeferralTimeout):
                raise SensorTimeout(str(error)) from error
            raise

    def _stopwatch(self, context: Context) -> Callable[[], float]:
        """Return what tells the seconds since the first look, which may have been in an earlier attempt."""
        clock = current_clock()
        if self.reschedule:
            began = context["ti"].waiting_since or clock.now()
            return lambda: (clock.now() - began).total_seconds()
        start = clock.monotonic()
        return lambda: clock.monotonic() - start

    def look(self, context: Context) -> bool | PokeReturnValue:
        """Look once, and do with an error what the author asked for."""
        try:
            return self.poke(context)
        except FailTask as error:
            if self.soft_fail or self.never_fail:
                raise SkipTask(f"{error}; skipped, as its author asked") from error
            raise
        except (SkipTask, RescheduleTask):
            raise
        except Exception as error:
            if self.never_fail:
                raise SkipTask(f"{type(error).__name__}: {error}; skipped, as never_fail is set") from error
            if not self.silent_fail:
                raise
            self.log.exception("It could not look, and tries again, as silent_fail is set.")
            return False

    def give_up(self, waited: float) -> NoReturn:
        """End the wait after its timeout."""
        words = f"waited {waited:.0f} s in vain, which is the whole of its timeout of {self.timeout:g} s"
        raise SkipTask(words) if self.soft_fail else SensorTimeout(words)

    def _pause(self, waited: float) -> float:
        """Return the time to the next look: as long as all pauses so far, where they double."""
        longest = self.max_wait.total_seconds() if self.max_wait else math.inf
        pause, passed = self.poke_interval, 0.0
        while self.exponential_backoff and 0 < pause < longest and passed + pause <= waited:
            passed += pause
            pause *= 2
        return min(pause, longest)


class DeferrableSensor(BaseSensorOperator):
    """A sensor that can leave its wait to a trigger: with `deferrable` it looks once, and then holds no slot."""

    def __init__(self, task_id: str, *, deferrable: bool = False, **arguments: Any) -> None:
        super().__init__(task_id, **arguments)
        self.deferrable = read_flag("deferrable", deferrable)

    def trigger(self, context: Context) -> Waits:
        """Return what waits in its place. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no trigger(); override it.")

    def execute(self, context: Context) -> Any:
        """Look, and wait for what is not there yet."""
        if not self.deferrable:
            return super().execute(context)
        if found := self.look(context):
            return found.xcom_value if isinstance(found, PokeReturnValue) else None
        if self.timeout <= 0:
            self.give_up(0.0)
        return self.defer(trigger=self.trigger(context), method_name="go_on", timeout=self.timeout)

    def go_on(self, context: Context, event: Any) -> Any:
        """Go on once the trigger has fired."""
        self.log.info("It has come: %s", event)


def _seconds(name: str, value: timedelta | float | None, default: float) -> float:
    duration = read_duration(name, value)
    return default if duration is None else duration.total_seconds()
