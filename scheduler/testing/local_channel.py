"""The channel of a test run: dictionaries instead of a supervisor."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from scheduler.connection_texts import fields_of
from scheduler.core.dimensions import depth_of, in_order, is_within
from scheduler.core.ids import named
from scheduler.core.loops import newest
from scheduler.errors import Conflict, TooLarge
from scheduler.items import item_of, length_of
from scheduler.testing.result import Artifact

_ARTIFACT_LIMIT = 5 * 1024 * 1024


class LocalChannel:
    """Implements `sdk.channel.Channel` for one run in this process; `task_id` and `path` say who is asking now."""

    def __init__(self, dag_id: str, variables: Mapping[str, Any], connections: Mapping[str, Any]) -> None:
        self.task_id = ""
        self.path = ""
        #: How often this try of it was put off, and how many instances it has where it stands.
        self.put_off = 0
        self.count_instances: Callable[[str, str], int] = lambda task_id, path: 1
        #: What each instance handed on: by task, key and path.
        self.xcoms: dict[tuple[str, str, str], Any] = {}
        self.rendered: dict[str, dict[str, Any]] = {}
        self.artifacts: dict[tuple[str, str], Artifact] = {}
        #: What tasks keep, by task and path, and what is kept with assets, by their names.
        self.states: dict[tuple[str, ...], dict[str, Any]] = {}
        self.variables = {key: _text(value) for key, value in variables.items()}
        self._connections = {conn_id: _fields(conn_id, each) for conn_id, each in connections.items()}
        self._dag_id = dag_id

    def get_xcom(
        self, task_id: str, key: str, *, path: str = "", run_id: str | None = None, dag_id: str | None = None
    ) -> Any:
        """Return what a task of this run kept; other runs are not there."""
        return self.xcoms.get((task_id, key, path)) if dag_id in (None, self._dag_id) else None

    def get_xcom_length(self, task_id: str, key: str, *, path: str) -> int:
        """Return how many items a task handed on."""
        return length_of(self.xcoms.get((task_id, key, path))) or 0

    def get_xcom_item(self, task_id: str, key: str, index: int, *, path: str) -> Any:
        """Return one of them."""
        return item_of(self.xcoms[task_id, key, path], index)

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
    ) -> dict[str, Any]:
        """Return what the instances of a task at and below a path handed on."""
        paths = [
            where[2] for where in self.xcoms if where[:2] == (task_id, key) and is_within(where[2], path)
        ]
        if is_newest and paths:
            paths = newest(paths, depth_of(paths[0]))
        chosen = sorted(paths, key=in_order)[start : start + limit]
        return {"total": len(paths), "values": [self.xcoms[task_id, key, each] for each in chosen]}

    def kept(self, loops: Collection[str]) -> dict[tuple[str, str], Any]:
        """Return what was handed on: of tasks with instances a list in their order, of `loops` the last iteration's."""
        kept: dict[tuple[str, str], Any] = {}
        for (task_id, key, path), value in self._last_of(loops).items():
            if path:
                kept.setdefault((task_id, key), []).append(value)
            else:
                kept[task_id, key] = value
        return kept

    def _last_of(self, loops: Collection[str]) -> dict[tuple[str, str, str], Any]:
        ordered = sorted(self.xcoms.items(), key=lambda each: in_order(each[0][2]))
        return {
            (name, key, path.rpartition(".")[0] if name in loops else path): value
            for (name, key, path), value in ordered
        }

    def forget(self, task_id: str, path: str) -> None:
        """Forget what an instance handed on, as it begins anew."""
        for where in [each for each in self.xcoms if (each[0], each[2]) == (task_id, path)]:
            del self.xcoms[where]

    def set_xcom(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.xcoms[self.task_id, key, self.path] = value

    def get_state(self, key: str, *, asset: str | None = None) -> Any:
        """Return what is kept under a key."""
        return self._states(asset).get(key)

    def state_keys(self, *, asset: str | None = None) -> list[str]:
        """Return the keys."""
        return sorted(self._states(asset))

    def set_state(
        self, key: str, value: Any, *, asset: str | None = None, retention: float | str | None = None
    ) -> None:
        """Keep a value for the rest of the run: nothing expires in it."""
        self._states(asset)[key] = value

    def delete_state(self, key: str | None, *, asset: str | None = None) -> None:
        """Forget a key, or all."""
        states = self._states(asset)
        for each in [key] if key is not None else list(states):
            states.pop(each, None)

    def _states(self, asset: str | None) -> dict[str, Any]:
        scope = (self.task_id, self.path) if asset is None else (asset,)
        return self.states.setdefault(scope, {})

    def get_variable(self, key: str) -> str | None:
        """Return a variable given to `dag.test()` or set by a task."""
        return self.variables.get(key)

    def set_variable(self, key: str, value: str) -> None:
        """Set a variable for the rest of the run."""
        self.variables[key] = value

    def delete_variable(self, key: str) -> None:
        """Delete a variable for the rest of the run."""
        self.variables.pop(key, None)

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return a connection given to `dag.test()`."""
        return self._connections.get(conn_id)

    def hide(self, secret: Any, name: str | None) -> None:
        """Do nothing: what a run prints here is masked by nobody."""

    def set_rendered(self, fields: dict[str, Any]) -> None:
        """Keep the rendered template fields."""
        self.rendered[named(self.task_id, self.path)] = fields

    def publish_artifact(self, name: str, media_type: str, data: bytes) -> None:
        """Keep a document."""
        if len(data) > _ARTIFACT_LIMIT:
            raise TooLarge(f"The artifact {name!r}", len(data), _ARTIFACT_LIMIT)
        self.artifacts[self.task_id, name] = Artifact(self.task_id, name, media_type, data)

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
        """Refuse: there is no server that could run it."""
        raise Conflict(f"dag.test() runs one DAG alone and cannot start a run of {dag_id!r}.")

    def look_up(self, asked: Sequence[Any]) -> list[dict[str, Any]]:
        """Return nothing: there are no other runs."""
        return [{"runs": {}, "tasks": {}} for _ in asked]

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """Return None: there are no other runs."""

    def run_results(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return nothing: there are no other runs."""
        return {}

    def task_states(
        self, dag_id: str, *, run_id: str | None, logical_date: str | None, task_ids: list[str]
    ) -> dict[str, str]:
        """Return nothing: there are no other runs."""
        return {}

    def rerun_dag(self, dag_id: str, run_id: str) -> None:
        """Refuse: there are no other runs."""
        raise Conflict(f"dag.test() runs one DAG alone and cannot run {run_id!r} of {dag_id!r} again.")

    def states_of_runs(self, dag_id: str, logical_date: str) -> dict[str, str]:
        """Return nothing: there are no other runs."""
        return {}

    def tasks_of_dag(self, dag_id: str) -> dict[str, list[str]] | None:
        """Return None: there are no other DAGs."""

    def asset_events(self, **asked: Any) -> list[dict[str, Any]]:
        """Return nothing: there is no history."""
        return []

    def get_asset(self, name: str) -> dict[str, Any]:
        """Return an asset of this name: no other file is there that could say more of it."""
        return {"name": name, "uri": name, "group": "asset", "extra": {}}

    def triggering_events(self) -> list[dict[str, Any]]:
        """Return nothing: a test run is begun by hand."""
        return []

    def previous_success(self) -> dict[str, Any]:
        """Return nothing: there are no other runs."""
        return {}

    def instance_count(self) -> int:
        """Return how many instances the task has beside the own one, that one counted."""
        return self.count_instances(self.task_id, self.path)

    def reschedule_count(self) -> int:
        """Return how often the task was put off in this try."""
        return self.put_off

    def is_latest_run(self) -> bool:
        """Return true: there is no schedule."""
        return True


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fields(conn_id: str, connection: Any) -> dict[str, Any]:
    if isinstance(connection, str):
        return fields_of(conn_id, connection)
    return asdict(connection) if is_dataclass(connection) else dict(connection)  # type: ignore[arg-type]
