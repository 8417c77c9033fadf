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

#: DAGs that end otherwise than in Airflow, or need what is not on this machine.
LEFT_OUT: Final = {
    "example_external_task_marker_child": "waits for a run of another DAG with the same logical date",
    "read_asset_event": "reads what the run of another example leaves, which may come later",
    "read_asset_event_from_classic": "reads what the run of another example leaves, which may come later",
    "example_dag_decorator": "asks a server on the internet",
    "example_retry_policy": "is tried again after minutes, which are not waited for",
    "example_task_state_store_async": "fails in Airflow's dag.test(), and succeeds here",
    "tutorial_taskflow_api_virtualenv": "installs packages in each run, which not every machine can",
}
