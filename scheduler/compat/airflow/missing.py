"""Names of things that Dirigent lacks: a file that imports one loads, and using it says what is missing."""

from __future__ import annotations

from functools import cache
from typing import Any, NoReturn

from scheduler.errors import NotInDirigent
from scheduler.sdk.location import author_line
from scheduler.sdk.operator import OperatorMeta


class _Missing(OperatorMeta):
    """Lets a name be imported, subclassed (beside an operator, too) and named in annotations; all else is refused."""

    airflow_name: str
    dirigent_lacks: str

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotInDirigent(f"{author_line()}: {cls.airflow_name} cannot be used: {cls.dirigent_lacks}")

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInDirigent(
            f"{author_line()}: {cls.airflow_name}.{name} cannot be used: {cls.dirigent_lacks}"
        )


@cache
def missing(name: str, lacks: str) -> type:
    """Return what stands for a name of Airflow's; `lacks` says what Dirigent does not have."""
    said = {"airflow_name": name, "dirigent_lacks": f"Dirigent has no {lacks} yet."}
    return _Missing(name.rpartition(".")[2], (), said)
