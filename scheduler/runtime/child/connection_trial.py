"""A fresh interpreter that tries one connection out: `python -m scheduler.runtime.child.connection_trial`.

Hooks are code of providers: whatever one does, it does to this process. It reads what to try, and what holds for
itself, as JSON from its input, and answers JSON on what was its output; whatever else is printed goes nowhere.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, NoReturn

from scheduler.compat.airflow import finder
from scheduler.compat.airflow.connections import hook_paths
from scheduler.errors import BadConnection
from scheduler.hooks.filesystem import FSHook
from scheduler.hooks.http import HttpHook
from scheduler.hooks.sql import SqlHook
from scheduler.runtime import kernel
from scheduler.runtime.child.attempt_process import forbid_core_files, leave, use_reserve
from scheduler.runtime.child.confinement import confine
from scheduler.sdk.variables import reading_from

#: Characters of what is said, before secrets in it are masked and it is cut to what people are shown.
_LONGEST: Final = 20_000
#: Types that need no provider; one that is installed comes first.
_OWN: Final[dict[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("sqlite", "postgres", "mysql", "mssql", "oracle"), SqlHook),
    **dict.fromkeys(("http", "https"), lambda conn_id: HttpHook("GET", conn_id)),
    "fs": FSHook,
}
#: The providers of types that are not called as these are.
_PROVIDERS: Final = {"aws": "amazon", "google_cloud_platform": "google"}


@dataclass(frozen=True, slots=True)
class OneConnection:
    """Knows the connection that is tried out, and nothing else."""

    conn_id: str
    fields: dict[str, Any]

    def get_variable(self, key: str) -> str | None:
        """Return nothing: a trial reads no variables."""

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return the fields of the one connection."""
        return self.fields if conn_id == self.conn_id else None

    def hide(self, secret: Any, name: str | None) -> None:
        """Do nothing: who asked knows what is secret here."""


def main() -> NoReturn:
    """Try out what the input names, tell what was found, and end."""
    kernel.die_with_parent(signal.SIGKILL, os.getppid())
    forbid_core_files()
    request = json.load(sys.stdin)
    answer_fd = _hush()
    is_ok, message = _answer(request)
    with open(answer_fd, "w", encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
        json.dump({"is_ok": is_ok, "message": message[:_LONGEST]}, pipe)
    leave(0)


def _hush() -> int:
    """Send what is printed, by programs of C too, nowhere; return where the answer goes."""
    answer_fd, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    return answer_fd


def _answer(request: Mapping[str, Any]) -> tuple[bool, str]:
    try:
        confine(request)
        finder.install()
        fields = dict(request["connection"])
        with reading_from(OneConnection(conn_id := fields.pop("conn_id"), fields)):
            is_ok, message = _hook(conn_id, fields["conn_type"]).test_connection()
        return bool(is_ok), str(message)
    except BaseException as error:  # noqa: BLE001 - the edge of a process: SystemExit of a provider, too
        use_reserve()
        return False, _words(error)


def _hook(conn_id: str, conn_type: str) -> Any:
    """Return the hook for a type of connections that can be asked. Raises BadConnection."""
    path = hook_paths().get(conn_type)
    if path is not None:
        module, _, name = path.rpartition(".")
        kind = getattr(import_module(module), name)
        if hasattr(kind, "test_connection"):
            return kind(**{kind.conn_name_attr: conn_id})
    if conn_type in _OWN:
        return _OWN[conn_type](conn_id)
    if path is not None:
        raise BadConnection(f"{path}, the hook of connections of type {conn_type!r}, cannot try one out.")
    raise BadConnection(
        f"No hook for connections of type {conn_type!r} is installed on this host. Install the provider that "
        f"has it, such as: dirigent providers install {_PROVIDERS.get(conn_type, conn_type)}"
    )


def _words(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"The hook needs the module {error.name!r}, which is not installed on this host."
    if isinstance(error, BadConnection):
        return str(error)
    told = (
        getattr(error, "orig", None) or error
    )  # SQLAlchemy says more about itself than its driver about the matter
    return f"{type(told).__name__}: {told}"


if __name__ == "__main__":
    main()
