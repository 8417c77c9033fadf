"""Variables: texts kept by Dirigent that DAG files and tasks read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol

from scheduler.connection_texts import fields_of
from scheduler.errors import NotFound
from scheduler.sdk.context import current_attempt, current_channel


class Reader(Protocol):
    """What answers for variables and connections while a DAG file is loaded."""

    def get_variable(self, key: str) -> str | None:
        """Return the text, or None where there is none."""

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return the fields, or None where there is none."""

    def hide(self, secret: Any, name: str | None) -> None:
        """Have a secret masked from now on, where anything is."""


_reader: Final[ContextVar[Reader | None]] = ContextVar("dirigent_reader", default=None)


@contextmanager
def reading_from(reader: Reader) -> Iterator[None]:
    """Let variables and connections be read from here while no task runs."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


class EnvironmentReader:
    """Answers from variables of the environment: in servers, and where a DAG file is run as a script."""

    def get_variable(self, key: str) -> str | None:
        """Return the text of DIRIGENT_VAR_<KEY>, or of AIRFLOW_VAR_<KEY>."""
        return _environ("VAR", key)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return what DIRIGENT_CONN_<CONN_ID>, or AIRFLOW_CONN_<CONN_ID>, holds: a JSON object or a URI.

        Raises BadConnection.
        """
        text = _environ("CONN", conn_id)
        return fields_of(conn_id, text) if text else None

    def hide(self, secret: Any, name: str | None) -> None:
        """Do nothing: what is printed here is masked by nobody."""


def _environ(kind: str, name: str) -> str | None:
    names = (f"{system}_{kind}_{name.upper()}" for system in ("DIRIGENT", "AIRFLOW"))
    return next((os.environ[each] for each in names if each in os.environ), None)


def current_reader() -> Reader:
    """Return who answers now: the running attempt, else the loader of the file, else the environment."""
    attempt = current_attempt()
    return attempt.channel if attempt else _reader.get() or EnvironmentReader()


_NO_DEFAULT: Final = object()


class Variable:
    """A text, or JSON, kept under a key."""

    @classmethod
    def get(
        cls,
        key: str,
        default: Any = _NO_DEFAULT,
        deserialize_json: bool = False,
        *,
        default_var: Any = _NO_DEFAULT,
    ) -> Any:
        """Return the text, or what its JSON holds; `default` where there is none, else NotFound is raised."""
        text = current_reader().get_variable(key)
        if text is not None:
            return json.loads(text) if deserialize_json else text
        for fallback in (default, default_var):
            if fallback is not _NO_DEFAULT:
                return fallback
        raise NotFound("variable", key, hint=f"Set it: `dirigent variables set {key} VALUE`.")

    @classmethod
    def set(cls, key: str, value: Any, *, serialize_json: bool = False) -> None:
        """Create or replace a variable; in a running task only."""
        text = json.dumps(value) if serialize_json else str(value)
        current_channel("Variable.set()").set_variable(key, text)

    @classmethod
    def delete(cls, key: str) -> None:
        """Delete a variable; in a running task only."""
        current_channel("Variable.delete()").delete_variable(key)


class VariableAccessor:
    """`var.value.KEY` and `var.json.KEY` in templates; `.get(KEY, default)` where it may be missing."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_"):
            raise AttributeError(key)
        return Variable.get(key, deserialize_json=self._is_json)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the variable, or the default."""
        return Variable.get(key, default, self._is_json)


class Variables:
    """`var` in templates."""

    value: Final = VariableAccessor(is_json=False)
    json: Final = VariableAccessor(is_json=True)
