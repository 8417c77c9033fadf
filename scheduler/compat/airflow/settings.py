"""`airflow.settings`."""

from __future__ import annotations

import datetime as dt
from typing import Final

from scheduler.compat.airflow.configuration import AIRFLOW_HOME, conf
from scheduler.compat.airflow.session import NoSession

__all__ = ["AIRFLOW_HOME", "DAGS_FOLDER", "PLUGINS_FOLDER", "TIMEZONE", "Session", "conf", "engine"]

DAGS_FOLDER: Final[str] = conf.get("core", "dags_folder")
PLUGINS_FOLDER: Final[str] = conf.get("core", "plugins_folder")
TIMEZONE: Final = dt.UTC
Session: Final = NoSession
engine: Final = NoSession()
