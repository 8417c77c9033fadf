"""How the examples end in Airflow 3.3.2, and why some end otherwise here, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: File, DAG, and how a run of it ended in Airflow itself; how that was found out stands at its head.
_MEASURED: Final = Path(__file__).with_name("ends.tsv")


def _measured(text: str) -> dict[str, str]:
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {dag_id: state for _, dag_id, state in rows}


ENDS: Final = _measured(_MEASURED.read_text(encoding="utf-8"))

#: Files that do not load, and what is missing for it.
LACKS: Final[dict[str, str]] = {}

#: DAGs that read what runs of another example leave: they run first, as nothing was there in Airflow.
EARLY: Final = frozenset({"read_asset_event", "read_asset_event_from_classic"})

#: DAGs that wait for minutes, by sensors or between tries: `dag.test()` plays them, whose clock is put forward.
PATIENT: Final = frozenset({"example_retry_policy", "example_external_task_marker_child"})

#: DAGs that end otherwise than in Airflow, or need what is not on this machine.
LEFT_OUT: Final = {
    "example_dag_decorator": "asks a server on the internet",
    "example_task_state_store_async": "fails in Airflow's dag.test(), and succeeds here",
    "tutorial_taskflow_api_virtualenv": "installs packages in each run, which not every machine can",
}


def expected(dag_id: str) -> str:
    """Return how a run of this DAG ends in Airflow."""
    return ENDS.get(dag_id, "success")
