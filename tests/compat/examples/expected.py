"""How the examples end in Airflow 3.3.2, and why some end otherwise here, or not at all."""

from __future__ import annotations

from typing import Final

#: DAGs that do not succeed in Airflow either: one asks for a value, and none is given here.
ENDS: Final = {
    "example_failed_dag": "failed",
    "example_passing_params_via_test_command": "failed",
    "example_params_ui_tutorial": "refused",
}

_ASSETS: Final = "assets"
#: Files that do not load, and what is missing for it.
LACKS: Final = {
    "example_asset_alias.py": _ASSETS,
    "example_asset_alias_with_no_taskflow.py": _ASSETS,
    "example_asset_allow_teams.py": _ASSETS,
    "example_asset_decorator.py": _ASSETS,
    "example_asset_partition.py": _ASSETS,
    "example_asset_with_watchers.py": _ASSETS,
    "example_assets.py": _ASSETS,
    "example_inlet_event_extra.py": _ASSETS,
    "example_outlet_event_extra.py": _ASSETS,
    "tutorial_objectstorage.py": "ObjectStoragePath",
}

#: DAGs that end otherwise than in Airflow, or need what is not on this machine.
LEFT_OUT: Final = {
    "example_external_task_marker_child": "waits for a run of another DAG with the same logical date",
    "example_dag_decorator": "asks a server on the internet",
    "example_retry_policy": "is tried again after minutes, which are not waited for",
    "tutorial_taskflow_api_virtualenv": "installs packages in each run, which not every machine can",
}
