"""Plugins and listeners under Airflow's names: a file that declares one loads; Dirigent has its own kind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Final

from scheduler.compat.airflow.old_forms import warn_of

#: How modules of DAG files are named (`runtime.child.loading.module_name`).
OF_DAG_FILES: Final = "dirigent_dag_"


class AirflowPlugin:
    """A plugin of Airflow's: one of `plugins/` is taken up as far as Dirigent has a place for what it lists."""

    dirigent_takes_up = True
    name: ClassVar[str | None] = None
    macros: ClassVar[list[Any]] = []
    listeners: ClassVar[list[Any]] = []
    flask_blueprints: ClassVar[list[Any]] = []
    appbuilder_menu_items: ClassVar[list[Any]] = []
    external_views: ClassVar[list[Any]] = []
    menu_links: ClassVar[list[Any]] = []
    timetables: ClassVar[list[Any]] = []
    priority_weight_strategies: ClassVar[list[Any]] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Say of one in a DAG file that it brings nothing."""
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(OF_DAG_FILES):
            warn_of("AirflowPlugin", "is taken up in plugins/ alone; in a DAG file it brings nothing")


def policy(function: Callable[..., Any] | None = None, **_options: Any) -> Any:
    """Mark a cluster policy; it is not called."""
    warn_of("airflow.policies", "cluster policies are not called")
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
