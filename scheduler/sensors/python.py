"""PythonSensor and `@task.sensor`: wait until a function says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, overload

from scheduler.operators.python import PythonOperator
from scheduler.operators.taskflow import NamedTaskArguments, TaskFunction, decorate
from scheduler.sdk.context import Context
from scheduler.sdk.sensor import BaseSensorOperator, PokeReturnValue, SensorMode

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Unpack

_P = ParamSpec("_P")
_R = TypeVar("_R")


class PythonSensor(BaseSensorOperator, PythonOperator):
    """Waits until a function returns something true; a PokeReturnValue brings the value to hand on."""

    def __init__(
        self,
        task_id: str,
        *,
        python_callable: Callable[..., Any],
        op_args: list[Any] | tuple[Any, ...] = (),
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(
            task_id,
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            templates_dict=templates_dict,
            **arguments,
        )

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Call the function once."""
        returned = PythonOperator.execute(self, context)
        return returned if isinstance(returned, PokeReturnValue) else bool(returned)


class SensorTaskFlowOperator(PythonSensor):
    """The task that a call of a `@task.sensor` function declares."""

    @property
    def operator_name(self) -> str:
        """As it is written in the file."""
        return "@task.sensor"


class SensorDecorator:
    """`@task.sensor`: waits until the function returns something true."""

    @overload
    def __call__(self, function: Callable[_P, _R], /) -> TaskFunction[_P, Any]: ...

    @overload
    def __call__(
        self,
        *,
        poke_interval: timedelta | float = 60,
        timeout: timedelta | float | None = None,
        soft_fail: bool = False,
        mode: SensorMode | str = SensorMode.POKE,
        exponential_backoff: bool = False,
        max_wait: timedelta | float | None = None,
        silent_fail: bool = False,
        never_fail: bool = False,
        **arguments: Unpack[NamedTaskArguments],
    ) -> Callable[[Callable[_P, _R]], TaskFunction[_P, Any]]: ...

    def __call__(  # type: ignore[misc]  # mypy does not see that ** takes the unpacked names
        self, function: Any = None, /, **arguments: Any
    ) -> Any:
        """Make a function into one that declares sensors."""
        return decorate(SensorTaskFlowOperator, function, arguments)


#: What `task.sensor` is.
SENSOR: Final = SensorDecorator()
