"""The seam through which running user code reaches Dirigent: XCom, variables, connections, artifacts.

In an attempt it is the pipe to the supervisor; in `dag.test()` it is a dictionary. Values are JSON-ready
data: what may be stored and how it is encoded is decided above this seam, in `sdk.xcom`.
"""

from __future__ import annotations

from typing import Any, Protocol


class Channel(Protocol):
    """What an attempt can ask of its supervisor. Every call blocks until answered.

    Each raises `scheduler.errors.DirigentError` leaves: NotFound, TooLarge, NotSerializable, Conflict.
    """

    def get_xcom(
        self, task_id: str, key: str, *, path: str = "", run_id: str | None = None, dag_id: str | None = None
    ) -> Any:
        """Return the value, or None where nothing was pushed. Without run_id and dag_id: of the own run."""

    def get_xcom_length(self, task_id: str, key: str, *, path: str) -> int:
        """Return how many items a list or dict has that a task of the own run handed on."""

    def get_xcom_item(self, task_id: str, key: str, index: int, *, path: str) -> Any:
        """Return one item of a list, or one pair of key and value of a dict."""

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
        """Return `values` of the instances at and below a path, in their order, and how many there are: `total`.

        `is_newest`: of each loop those of the newest iteration alone.
        """

    def set_xcom(self, key: str, value: Any) -> None:
        """Store a value under this task and key at once; the return value travels with the outcome."""

    def get_state(self, key: str, *, asset: str | None = None) -> Any:
        """Return what the own task instance, or an asset, keeps under a key; None where there is nothing."""

    def state_keys(self, *, asset: str | None = None) -> list[str]:
        """Return the keys of the own task instance, or of an asset, in order."""

    def set_state(
        self, key: str, value: Any, *, asset: str | None = None, retention: float | str | None = None
    ) -> None:
        """Keep a value for so many seconds, for as long as its run ("never" expires), or as long as is usual."""

    def delete_state(self, key: str | None, *, asset: str | None = None) -> None:
        """Forget a key, or all of them; nothing happens where there is none."""

    def get_variable(self, key: str) -> str | None:
        """Return the variable's text, or None where there is none."""

    def set_variable(self, key: str, value: str) -> None:
        """Create or replace a variable."""

    def delete_variable(self, key: str) -> None:
        """Delete a variable; nothing happens where there is none."""

    def hide(self, secret: Any, name: str | None) -> None:
        """Have a secret masked from now on in all that this attempt prints and tells."""

    def get_connection(self, conn_id: str) -> dict[str, Any] | None:
        """Return conn_type, host, port, login, password, schema, extra (text) and description, or None."""

    def set_rendered(self, fields: dict[str, Any]) -> None:
        """Keep the rendered template fields for the page; not waited for."""

    def publish_artifact(self, name: str, media_type: str, data: bytes) -> None:
        """Keep a document (a report, a chart) with the task for the page to show. At most 5 MB."""

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
        """Create a run of another DAG; return its run_id. Raises Conflict for a paused one where that is refused."""

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        """Return the state of a run, or None where there is none."""

    def run_results(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return what a run returned, by task (of many instances a list); empty where that is nothing."""

    def task_states(
        self, dag_id: str, *, run_id: str | None, logical_date: str | None, task_ids: list[str]
    ) -> dict[str, str]:
        """Return the states of tasks of a run found by id or logical date; empty where there is none."""

    def rerun_dag(self, dag_id: str, run_id: str) -> None:
        """Run all tasks of a run again. Raises NotFound."""

    def states_of_runs(self, dag_id: str, logical_date: str) -> dict[str, str]:
        """Return the states of the runs of a logical date, by run_id; empty where there is none."""

    def tasks_of_dag(self, dag_id: str) -> dict[str, list[str]] | None:
        """Return the tasks of a DAG's newest version with the groups around each; None where there is no such DAG."""

    def asset_events(
        self,
        *,
        kind: str,
        value: str,
        after: str | None = None,
        before: str | None = None,
        ascending: bool = True,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return events of assets known by a `name`, `uri` or `alias`: see `sdk.asset_events.event_of`."""

    def get_asset(self, name: str) -> dict[str, Any]:
        """Return name, uri, group and extra of an asset. Raises NotFound."""

    def triggering_events(self) -> list[dict[str, Any]]:
        """Return the events that began the own run, oldest first."""

    def previous_success(self) -> dict[str, Any]:
        """Return data_interval_start, data_interval_end, start_date and end_date of the last run before this one's
        logical date that ended well, as texts; empty where there is none.
        """

    def instance_count(self) -> int:
        """Return how many instances the task has beside the own one, that one counted."""

    def reschedule_count(self) -> int:
        """Return how often the task was put off for a time since its last try ended."""

    def is_latest_run(self) -> bool:
        """Tell whether no newer run than the own one is due by the schedule."""
