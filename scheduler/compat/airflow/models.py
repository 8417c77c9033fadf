"""`airflow.models`: what code of users' asks of connections, runs and task instances. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, NoReturn

from scheduler.errors import NotInDirigent
from scheduler.sdk.context import get_current_context
from scheduler.sdk.instance import DagRun as DirigentRun
from scheduler.sdk.instance import TaskInstance as DirigentInstance
from scheduler.sdk.location import author_line
from scheduler.sdk.params import Param
from scheduler.sdk.results import RETURN_KEY

ID_LEN: Final = 250


class ParamsDict(dict[str, Any]):
    """Params by name; a plain value becomes one without a schema."""

    def __init__(self, dict_obj: Mapping[str, Any] | None = None, **_more: Any) -> None:
        super().__init__(dict_obj or {})

    def dump(self) -> dict[str, Any]:
        """Return the values."""
        return {name: each.default if isinstance(each, Param) else each for name, each in self.items()}


class TaskInstanceKey(NamedTuple):
    """What names one task instance."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int = 1
    map_index: int = -1


class _Unmade(type):
    """A class of Dirigent's objects that code may name and test against, and not make or query."""

    of: type

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.of)

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise _no_rows(f"{cls.__name__}()")

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise _no_rows(f"{cls.__name__}.{name}")


def _no_rows(what: str) -> NotInDirigent:
    return NotInDirigent(
        f"{author_line()}: {what} cannot be used: there is no database of Airflow's. A running task has its run and "
        "itself in the context (dag_run, ti); Dirigent's API has all runs."
    )


class DagRun(metaclass=_Unmade):
    """A run."""

    of = DirigentRun


class TaskInstance(metaclass=_Unmade):
    """A task instance."""

    of = DirigentInstance


class _Nothing:
    """No object is one."""


class DagModel(metaclass=_Unmade):
    """A row of Airflow's."""

    of = _Nothing


class DagTag(metaclass=_Unmade):
    """A row of Airflow's."""

    of = _Nothing


class Log(metaclass=_Unmade):
    """A row of Airflow's."""

    of = _Nothing


class Pool(metaclass=_Unmade):
    """A pool; `dirigent pools` makes them."""

    of = _Nothing
    DEFAULT_POOL_NAME: Final = "default_pool"


class TaskReschedule(metaclass=_Unmade):
    """A row of Airflow's."""

    of = _Nothing


class SimpleTaskInstance(metaclass=_Unmade):
    """A task instance, within Airflow's scheduler."""

    of = _Nothing


def clear_task_instances(*_args: Any, **_more: Any) -> NoReturn:
    """Refuse: `dirigent tasks clear` and the API do this."""
    raise _no_rows("clear_task_instances()")


class DagContext:
    """Which DAG is being declared."""


class BaseOperatorLink:
    """A link of an operator's on Airflow's page; Dirigent's shows none."""

    name: str = ""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address."""
        raise NotImplementedError(f"{type(self).__name__} has no get_link(); override it.")


class BaseXCom:
    """Values of tasks, from within a running task."""

    XCOM_RETURN_KEY: Final = RETURN_KEY

    @classmethod
    def get_one(
        cls,
        *,
        key: str | None = None,
        task_id: str,
        dag_id: str | None = None,
        run_id: str | None = None,
        map_index: int | None = None,
        **_more: Any,
    ) -> Any:
        """Return a value that a task kept, or None."""
        instance = get_current_context()["ti"]
        return instance.xcom_pull(
            task_id, key or RETURN_KEY, dag_id=dag_id, run_id=run_id, map_indexes=map_index
        )

    get_value = get_one

    @classmethod
    def get_many(cls, *, task_ids: str | Iterable[str], key: str | None = None, **more: Any) -> list[Any]:
        """Return the values that several tasks kept."""
        names = [task_ids] if isinstance(task_ids, str) else task_ids
        return [cls.get_one(key=key, task_id=each, **more) for each in names]

    @classmethod
    def set(cls, key: str, value: Any, **_more: Any) -> None:
        """Keep a value under the running task."""
        get_current_context()["ti"].xcom_push(key, value)


XCom = BaseXCom
