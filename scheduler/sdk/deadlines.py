"""Deadlines of a DAG's runs: by when a run is to have succeeded, and what is called where it has not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, overload

from scheduler.errors import BadDag
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.location import author_line
from scheduler.sdk.variables import Variable
from scheduler.wire import Data

if TYPE_CHECKING:
    from scheduler.sdk.instance import DagRun


@dataclass(frozen=True)
class Reference:
    """What a deadline is counted from. `DeadlineReference` has them by name."""

    kind: str
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Data:
        """What JSON can hold of it."""
        return {"reference": self.kind, **self.more}


class BaseDeadlineReference:
    """A reference of one's own: subclass it and say in `evaluate` from when a run's deadline is counted.

    It is asked once a run, on a worker, as soon as the run is there. `deadline_reference` registers the class.
    """

    #: Names of what `_evaluate_with` is given beside `session`, which is None; as in Airflow.
    required_kwargs: ClassVar[Collection[str]] = ("dag_id", "run_id")

    @property
    def data(self) -> Data:
        """What JSON can hold of it: that it is to be asked."""
        return {"reference": "own"}

    def evaluate(self, run: DagRun) -> datetime | None:
        """Return the instant, with a time zone; None where this run has no such deadline. Override it."""
        airflow_form: Callable[..., datetime | None] | None = getattr(self, "_evaluate_with", None)
        if airflow_form is None:
            raise NotImplementedError(f"{type(self).__name__} has no evaluate(run); override it.")
        return airflow_form(session=None, **{name: getattr(run, name) for name in self.required_kwargs})


class DeadlineReference:
    """What a deadline is counted from: instants of the run, a fixed one, or how long runs take on average.

    Registered references of one's own are attributes by the name of their class.
    """

    class TYPES:
        """When Airflow asks a reference of one's own. Here a run is queued as it is created, and asked for then."""

        DAGRUN_CREATED: Final = ("logical_date", "fixed", "average_runtime")
        DAGRUN_QUEUED: Final = ("queued_at",)
        DAGRUN: Final = (*DAGRUN_CREATED, *DAGRUN_QUEUED)

    DAGRUN_LOGICAL_DATE: Final = Reference("logical_date")
    DAGRUN_QUEUED_AT: Final = Reference("queued_at")

    @staticmethod
    def FIXED_DATETIME(dt: datetime) -> Reference:
        """Count from this instant, for all runs."""
        moment: Any = dt
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise bad_argument("FIXED_DATETIME", dt, "give a datetime with a time zone")
        return Reference("fixed", {"at": dt.astimezone(UTC).isoformat()})

    @staticmethod
    def AVERAGE_RUNTIME(max_runs: int = 10, min_runs: int | None = None) -> Reference:
        """Count from when a run is queued and the mean of the last successful ones has passed.

        Of at most `max_runs`; where there are fewer than `min_runs` (as many, unless given), there is no deadline.
        """
        most = max_runs if max_runs != 0 else 10
        least = most if min_runs is None else min_runs
        if not 1 <= least <= most <= 1000:
            raise bad_argument(
                "AVERAGE_RUNTIME", (max_runs, min_runs), "give 1 <= min_runs <= max_runs <= 1000"
            )
        return Reference("average_runtime", {"max_runs": most, "min_runs": least})


_R = TypeVar("_R", bound=type[BaseDeadlineReference])


@overload
def deadline_reference(deadline_reference_type: _R) -> _R: ...


@overload
def deadline_reference(deadline_reference_type: tuple[str, ...] | None = None) -> Callable[[_R], _R]: ...


def deadline_reference(
    deadline_reference_type: type[BaseDeadlineReference] | tuple[str, ...] | None = None,
) -> Any:
    """Register a class of references, with or without brackets: `DeadlineReference.ITS_NAME` is one of it."""
    if isinstance(deadline_reference_type, type):
        return _register(deadline_reference_type)
    return _register


def _register(made: _R) -> _R:
    given: Any = made
    if not isinstance(given, type) or not issubclass(given, BaseDeadlineReference):
        raise bad_argument("deadline_reference", made, "subclass BaseDeadlineReference")
    try:
        setattr(DeadlineReference, made.__name__, made())
    except TypeError as error:
        raise bad_argument(
            "deadline_reference", made.__name__, f"it must be made without arguments: {error}"
        ) from error
    return made


@dataclass(frozen=True)
class VariableInterval:
    """An interval of so many seconds as a variable says when the file is parsed."""

    key: str

    def resolve(self) -> timedelta:
        """Read it. Raises BadDag for what is no number."""
        value = Variable.get(self.key)
        try:
            return timedelta(seconds=float(value))
        except (TypeError, ValueError, OverflowError):
            raise BadDag(
                f"{author_line()}: variable {self.key!r} is {value!r}; VariableInterval wants a number of seconds."
            ) from None


class Callback:
    """A function, or its path, and the keywords that it is called with beside the context."""

    def __init__(
        self, callback_callable: Callable[..., Any] | str, kwargs: Mapping[str, Any] | None = None
    ) -> None:
        if not callable(callback_callable) and not _is_path(callback_callable):
            raise bad_argument("callback_callable", callback_callable, "give a function, or its path a.b.c")
        if kwargs and "context" in kwargs:
            raise bad_argument("kwargs", "context", "it is the context of the run and cannot be given")
        self.callable = callback_callable
        self.kwargs = dict(kwargs or {})

    @property
    def path(self) -> str:
        """Where the function is found."""
        if isinstance(self.callable, str):
            return self.callable
        name = getattr(self.callable, "__qualname__", type(self.callable).__qualname__)
        return f"{self.callable.__module__}.{name}"


class SyncCallback(Callback):
    """A function. `executor` is taken and passed over: workers run it."""

    def __init__(
        self,
        callback_callable: Callable[..., Any] | str,
        kwargs: Mapping[str, Any] | None = None,
        executor: str | None = None,
    ) -> None:
        super().__init__(callback_callable, kwargs)
        self.executor = executor


class AsyncCallback(Callback):
    """A coroutine function, or a class of notifiers."""

    def __init__(
        self, callback_callable: Callable[..., Any] | str, kwargs: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(callback_callable, kwargs)
        made = callback_callable
        if not isinstance(made, str | type) and not inspect.iscoroutinefunction(made):
            raise bad_argument(
                "callback_callable", made, "give a coroutine function (async def), or SyncCallback"
            )


def _is_path(value: object) -> bool:
    return isinstance(value, str) and "." in value and all(part.isidentifier() for part in value.split("."))


class DeadlineAlert:
    """Call back where a run has not succeeded `interval` after `reference`, once a run."""

    def __init__(
        self,
        reference: Reference | BaseDeadlineReference,
        interval: timedelta | VariableInterval,
        callback: Callback | Callable[..., Any],
        name: str | None = None,
    ) -> None:
        if not isinstance(reference, Reference | BaseDeadlineReference):
            raise bad_argument(
                "reference", reference, "give one of DeadlineReference, or your own registered"
            )
        length = interval.resolve() if isinstance(interval, VariableInterval) else interval
        if not isinstance(length, timedelta):
            raise bad_argument("interval", interval, "give a timedelta, or a VariableInterval")
        self.reference = reference
        self.interval = length
        self.callback = callback if isinstance(callback, Callback) else SyncCallback(callback)
        self.name = name or ""

    @property
    def data(self) -> Data:
        """What JSON can hold of it, without what is called."""
        return {**self.reference.data, "interval_s": self.interval.total_seconds(), "name": self.name}


def read_deadlines(value: object) -> tuple[DeadlineAlert, ...]:
    """Read none, one or several."""
    given = (value,) if isinstance(value, DeadlineAlert) else value or ()
    if not isinstance(given, list | tuple) or not all(isinstance(each, DeadlineAlert) for each in given):
        raise bad_argument("deadline", value, "give a DeadlineAlert, or a list of them")
    return tuple(given)
