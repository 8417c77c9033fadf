"""Plugins and listeners under Airflow's names: a file that declares one loads; Dirigent has its own kind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from scheduler.compat.airflow.old_forms import warn_of


class AirflowPlugin:
    """A plugin of Airflow's. It can be declared; what it brings is not taken up."""

    name: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Say that it is passed over."""
        super().__init_subclass__(**kwargs)
        warn_of("AirflowPlugin", "is passed over; import what it brings where it is used")


class PriorityWeightStrategy:
    """A rule for priorities. It can be declared; tasks that name it have their priority_weight as it is."""


def hookimpl(function: Callable[..., Any] | None = None, **_options: Any) -> Any:
    """Mark a listener; it is not called."""
    warn_of("hookimpl", "listeners are not called; use callbacks, or alert rules (docs/alerts.md)")
    return function if function is not None else lambda decorated: decorated


class ProvidersManager:
    """What installed providers say of themselves to Airflow: nothing, as Dirigent asks none of them."""

    def __init__(self) -> None:
        self.providers: dict[str, Any] = {}
        self.hooks: dict[str, Any] = {}
        self.dialects: dict[str, Any] = {}
        self.field_behaviours: dict[str, Any] = {}


class Stats:
    """Counters for Airflow's own monitoring: taken and dropped, as Dirigent has metrics of its own."""

    @staticmethod
    def incr(stat: str, count: int = 1, rate: float = 1, **more: Any) -> None:
        """Drop it."""

    decr = gauge = timing = incr

    @staticmethod
    def timer(*_args: Any, **_more: Any) -> AbstractContextManager[None]:
        """Time nothing."""
        return nullcontext()
