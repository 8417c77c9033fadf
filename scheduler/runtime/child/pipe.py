"""The channel of running user code, over a socket to the supervisor."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import threading
from collections.abc import Sequence
from itertools import count
from typing import Any, Final, NoReturn

from scheduler import errors
from scheduler.errors import Conflict, DirigentError
from scheduler.runtime.frames import FRAME_LIMIT, FrameReader, encode
from scheduler.wire import Data, Json

#: Verbs whose answer nobody waits for.
ONE_WAY: Final = frozenset({"set_rendered", "export_spans"})


class ChannelClosed(DirigentError):
    """The supervisor is gone, or user code closed the socket to it."""

    def __init__(self) -> None:
        super().__init__(
            "The connection to the supervisor is closed; user code may have closed its descriptor."
        )


class PipeChannel:
    """Implements `sdk.channel.Channel`; safe to call from several threads, not from a forked process."""

    def __init__(self, sock: socket.socket, limit: int = FRAME_LIMIT) -> None:
        self._sock = sock
        self._limit = limit
        self._reader = FrameReader()
        self._lock = threading.Lock()
        self._owner = os.getpid()
        #: Of the runs that the attempt starts.
        self._ordinals = count()

    def get_xcom(
        self, task_id: str, key: str, *, path: str = "", run_id: str | None = None, dag_id: str | None = None
    ) -> Json:
        """Return the value, or None where nothing was pushed."""
        return self._ask("get_xcom", task_id=task_id, key=key, path=path, run_id=run_id, dag_id=dag_id)

    def get_xcom_length(self, task_id: str, key: str, *, path: str) -> int:
        """Return how many items a list or dict has that a task of the own run handed on."""
        length: int = self._ask("get_xcom_length", task_id=task_id, key=key, path=path)
        return length

    def get_xcom_item(self, task_id: str, key: str, index: int, *, path: str) -> Json:
        """Return one item of a list, or one pair of key and value of a dict."""
        return self._ask("get_xcom_item", task_id=task_id, key=key, index=index, path=path)

    def get_xcoms(
        self,
        task_id: str,
        key: str,
        *,
        path: str,
        start: int,
        limit: int,
        run_id: str | None = None,
        is_newest: bool = False,
    ) -> Data:
        """Return values of many instances in their order, and how many there are."""
        wanted = {"start": start, "limit": limit, "is_newest": is_newest}
        found: Data = self._ask("get_xcoms", task_id=task_id, key=key, path=path, run_id=run_id, **wanted)
        return found

    def set_xcom(self, key: str, value: Json) -> None:
        """Store a value under this task and key at once."""
        self._ask("set_xcom", key=key, value=value)

    def get_state(self, key: str, *, asset: str | None = None) -> Json:
        """Return what is kept under a key, or None."""
        return self._ask("get_state", key=key, asset=asset)

    def state_keys(self, *, asset: str | None = None) -> list[str]:
        """Return the keys under which something is kept."""
        keys: list[str] = self._ask("state_keys", asset=asset)
        return keys

    def set_state(
        self, key: str, value: Json, *, asset: str | None = None, retention: float | str | None = None
    ) -> None:
        """Keep a value for the attempts to come, or with an asset."""
        self._ask("set_state", key=key, value=value, asset=asset, retention=retention)

    def delete_state(self, key: str | None, *, asset: str | None = None) -> None:
        """Forget a key, or all of them."""
        self._ask("delete_state", key=key, asset=asset)

    def get_variable(self, key: str) -> str | None:
        """Return the variable's text, or None where there is none."""
        text: str | None = self._ask("get_variable", key=key)
        return text

    def set_variable(self, key: str, value: str) -> None:
        """Create or replace a variable."""
        self._ask("set_variable", key=key, value=value)

    def delete_variable(self, key: str) -> None:
        """Delete a variable; nothing happens where there is none."""
        self._ask("delete_variable", key=key)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return the connection's fields, or None."""
        found: dict[str, Any] | None = self._ask("get_connection", conn_id=conn_id)
        return found

    def hide(self, secret: Json, name: str | None) -> None:
        """Have a secret masked from now on."""
        self._ask("hide", secret=secret, name=name)

    def set_rendered(self, fields: dict[str, Any]) -> None:
        """Keep the rendered template fields; not waited for."""
        self._ask("set_rendered", fields=fields)

    def export_spans(self, spans: list[Data]) -> None:
        """Hand spans of user code to the worker (`tracing.user_spans`); not waited for."""
        self._ask("export_spans", spans=spans)

    def publish_artifact(self, name: str, media_type: str, data: bytes) -> None:
        """Keep a document with the task. The bytes travel in base64."""
        text = base64.b64encode(data).decode("ascii")
        self._ask("publish_artifact", name=name, media_type=media_type, data=text)

    def trigger_dag(
        self,
        dag_id: str,
        *,
        conf: dict[str, Any],
        run_id: str | None,
        logical_date: str | None,
        note: str = "",
        refuses_paused: bool = False,
    ) -> str:
        """Create a run of another DAG; return its run_id."""
        asked = {"note": note, "refuses_paused": refuses_paused, "ordinal": next(self._ordinals)}
        date = logical_date
        created: str = self._ask(
            "trigger_dag", dag_id=dag_id, conf=conf, run_id=run_id, logical_date=date, **asked
        )
        return created

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """Return the state of a run, or None where there is none."""
        state: str | None = self._ask("run_state", dag_id=dag_id, run_id=run_id)
        return state

    def run_results(self, dag_id: str, run_id: str) -> Data:
        """Return what a run returned, by task."""
        found: Data = self._ask("run_results", dag_id=dag_id, run_id=run_id)
        return found

    def task_states(
        self, dag_id: str, *, run_id: str | None, logical_date: str | None, task_ids: list[str]
    ) -> dict[str, str]:
        """Return the states of tasks of a run found by its id or its logical date."""
        states: dict[str, str] = self._ask(
            "task_states", dag_id=dag_id, run_id=run_id, logical_date=logical_date, task_ids=task_ids
        )
        return states

    def rerun_dag(self, dag_id: str, run_id: str) -> None:
        """Run all tasks of a run again."""
        self._ask("rerun_dag", dag_id=dag_id, run_id=run_id)

    def states_of_runs(self, dag_id: str, logical_date: str) -> dict[str, str]:
        """Return the states of the runs of a logical date, by run_id."""
        states: dict[str, str] = self._ask("states_of_runs", dag_id=dag_id, logical_date=logical_date)
        return states

    def tasks_of_dag(self, dag_id: str) -> dict[str, list[str]] | None:
        """Return the tasks of a DAG with the groups around each, or None."""
        tasks: dict[str, list[str]] | None = self._ask("tasks_of_dag", dag_id=dag_id)
        return tasks

    def asset_events(self, **asked: Any) -> list[Data]:
        """Return events of assets."""
        found: list[Data] = self._ask("asset_events", **asked)
        return found

    def get_asset(self, name: str) -> Data:
        """Return an asset."""
        found: Data = self._ask("get_asset", name=name)
        return found

    def triggering_events(self) -> list[Data]:
        """Return the events that began the run."""
        found: list[Data] = self._ask("triggering_events")
        return found

    def previous_success(self) -> Data:
        """Return the instants of the last run that ended well."""
        found: Data = self._ask("previous_success")
        return found

    def instance_count(self) -> int:
        """Return how many instances the task has."""
        return int(self._ask("instance_count"))

    def reschedule_count(self) -> int:
        """Return how often this try was put off."""
        return int(self._ask("reschedule_count"))

    def is_latest_run(self) -> bool:
        """Tell whether no newer run is due."""
        return bool(self._ask("is_latest_run"))

    def look_up(self, asked: Sequence[tuple[Any, ...]]) -> list[Data]:
        """Return what stands of runs: see `triggers.lookups`."""
        found: list[Data] = self._ask("look_up", asked=asked)
        return found

    def last_scheduled(self, dag_id: str) -> Data | None:
        """Return the newest run that a DAG's schedule made: `run_at`, `start` and `end` of its interval."""
        last: Data | None = self._ask("last_scheduled", dag_id=dag_id)
        return last

    def receive(self) -> Data:
        """Wait for the next message of the supervisor; raises ChannelClosed."""
        while True:
            for message in self._reader.feed(b""):
                return message
            for message in self._reader.feed(self._read()):
                return message

    def tell(self, message: Data) -> None:
        """Send a message that is no request; from any thread. Raises ChannelClosed."""
        with self._lock:
            self.send(message)

    def send(self, message: Data) -> None:
        """Send a message; raises ChannelClosed, TooLarge."""
        frame = encode(message, self._limit)
        try:
            self._sock.sendall(frame)
        except OSError:
            raise ChannelClosed from None

    @property
    def is_mine(self) -> bool:
        """Whether this process opened the channel; one that user code forked must not speak for it."""
        return os.getpid() == self._owner

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _read(self) -> bytes:
        try:
            piece = self._sock.recv(65536)
        except OSError as error:
            raise ChannelClosed from error
        if not piece:
            raise ChannelClosed
        return piece

    def _ask(self, verb: str, **args: Any) -> Json:
        if not self.is_mine:
            raise Conflict(
                f"{verb} was called in a process that the task forked; "
                "call it in the task itself and hand the result over."
            )
        with self._lock:
            self.send({"verb": verb, "args": args, "waits": verb not in ONE_WAY})
            return None if verb in ONE_WAY else _value(self.receive())


def _value(reply: Data) -> Json:
    if "error" in reply:
        _raise(**reply["error"])
    return reply["value"]


def _raise(type: str, message: str, facts: Data) -> NoReturn:
    """Raise the leaf of `scheduler.errors` that the supervisor met, with its attributes."""
    leaf = getattr(errors, type, DirigentError)
    error: DirigentError = leaf.__new__(leaf, message)
    for name, value in facts.items():
        with contextlib.suppress(AttributeError):
            setattr(error, name, value)
    raise error
