"""`airflow.settings`."""

from __future__ import annotations

import datetime as dt
import importlib
from typing import Any, Final

from scheduler.compat.airflow.configuration import AIRFLOW_HOME, conf
from scheduler.compat.airflow.session import NoSession

__all__ = [
    "AIRFLOW_HOME",
    "DAGS_FOLDER",
    "PLUGINS_FOLDER",
    "TIMEZONE",
    "Session",
    "conf",
    "engine",
    "pod_mutation_hook",
]

DAGS_FOLDER: Final[str] = conf.get("core", "dags_folder")
PLUGINS_FOLDER: Final[str] = conf.get("core", "plugins_folder")
TIMEZONE: Final = dt.UTC
Session: Final = NoSession
engine: Final = NoSession()


def pod_mutation_hook(pod: Any) -> None:
    """Let the function of this name in `airflow_local_settings` change a pod, where there is such a module."""
    try:
        local = importlib.import_module("airflow_local_settings")
    except ModuleNotFoundError:
        return
    if hook := getattr(local, "pod_mutation_hook", None):
        hook(pod)
