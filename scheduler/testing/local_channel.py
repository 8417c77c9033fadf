"""The channel of a test run: dictionaries instead of a supervisor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

from scheduler.errors import Conflict, TooLarge
from scheduler.testing.result import Artifact

_ARTIFACT_LIMIT = 5 * 1024 * 1024


class LocalChannel:
    """Implements `sdk.channel.Channel` for one run in this process; `task_id` says who is asking now."""

    def __init__(self, dag_id: str, variables: Mapping[str, str], connections: Mapping[str, Any]) -> None:
        self.task_id = ""
        self.xcoms: dict[tuple[str, str], Any] = {}
        self.rendered: dict[str, dict[str, Any]] = {}
        self.artifacts: dict[tuple[str, str], Artifact] = {}
        self.variables = dict(variables)
        self._connections = {conn_id: _fields(each) for conn_id, each in connections.items()}
        self._dag_id = dag_id

    def get_xcom(
        self, task_id: str, key: str, *, path: str = "", run_id: str | None = None, dag_id: str | None = None
    ) -> Any:
        """Return what a task of this run kept; other runs are not there."""
        return self.xcoms.get((task_id, key)) if dag_id in (None, self._dag_id) else None

    def set_xcom(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.xcoms[self.task_id, key] = value

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

    def set_rendered(self, fields: dict[str, Any]) -> None:
        """Keep the rendered template fields."""
        self.rendered[self.task_id] = fields

    def publish_artifact(self, name: str, media_type: str, data: bytes) -> None:
        """Keep a document."""
        if len(data) > _ARTIFACT_LIMIT:
            raise TooLarge(f"The artifact {name!r}", len(data), _ARTIFACT_LIMIT)
        self.artifacts[self.task_id, name] = Artifact(self.task_id, name, media_type, data)

    def trigger_dag(
        self, dag_id: str, *, conf: dict[str, Any], run_id: str | None, logical_date: str | None
    ) -> str:
        """Refuse: there is no server that could run it."""
        raise Conflict(f"dag.test() runs one DAG alone and cannot start a run of {dag_id!r}.")

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """Return None: there are no other runs."""

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

    def is_latest_run(self) -> bool:
        """Return true: there is no schedule."""
        return True


def _fields(connection: Any) -> dict[str, Any]:
    return asdict(connection) if is_dataclass(connection) else dict(connection)  # type: ignore[arg-type]
