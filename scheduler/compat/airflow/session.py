"""Sessions with Airflow's database, which Dirigent does not have: passing one along works, using it does not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TypeVar

from scheduler.errors import NotInDirigent
from scheduler.sdk.location import author_line

_R = TypeVar("_R")
NEW_SESSION: Final = None


class NoSession:
    """Stands where a session would; raises NotInDirigent for whatever is asked of it."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInDirigent(
            f"{author_line()}: session.{name} cannot be used: there is no database of Airflow's. Variables, "
            "connections and XCom are read with Variable, BaseHook.get_connection and ti.xcom_pull; runs by "
            "Dirigent's API."
        )


@contextmanager
def create_session() -> Iterator[NoSession]:
    """Give what stands for a session."""
    yield NoSession()


def provide_session(function: Callable[..., _R]) -> Callable[..., _R]:
    """Give a function what stands for a session, where it is given none."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> _R:
        return function(*args, **{"session": NoSession(), **kwargs})

    return called


def initdb(*_args: Any, **_more: Any) -> None:
    """Do nothing: Dirigent's database is made by Dirigent."""


resetdb = initdb
