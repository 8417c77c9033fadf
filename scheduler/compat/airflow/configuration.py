"""`airflow.configuration.conf`: a few of Airflow's options, as Dirigent has them, or as Airflow sets them by itself."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from scheduler.compat.airflow.exceptions import AirflowConfigException
from scheduler.compat.airflow.sequences import import_string

AIRFLOW_HOME: Final = os.environ.get("AIRFLOW_HOME", str(Path.cwd()))
_UNSET: Final = object()
#: By section and option.
_KNOWN: Final[Mapping[tuple[str, str], str]] = {
    ("core", "dags_folder"): os.environ.get("AIRFLOW__CORE__DAGS_FOLDER", f"{AIRFLOW_HOME}/dags"),
    ("core", "plugins_folder"): f"{AIRFLOW_HOME}/plugins",
    ("core", "default_timezone"): "utc",
    ("core", "executor"): "CeleryExecutor",
    ("core", "parallelism"): "32",
    ("core", "load_examples"): "False",
    ("core", "max_active_tasks_per_dag"): "16",
    ("core", "dag_concurrency"): "16",
    ("core", "max_active_runs_per_dag"): "16",
    ("core", "unit_test_mode"): "False",
    ("core", "default_task_retries"): "0",
    ("core", "max_map_length"): "1024",
    ("core", "enable_xcom_pickling"): "False",
    ("core", "xcom_backend"): "airflow.sdk.execution_time.xcom.BaseXCom",
    ("core", "dagbag_import_timeout"): "30",
    ("core", "fernet_key"): "",
    ("webserver", "base_url"): "http://127.0.0.1:8080",
    ("api", "base_url"): "http://127.0.0.1:8080",
    ("webserver", "default_ui_timezone"): "UTC",
    ("logging", "base_log_folder"): f"{AIRFLOW_HOME}/logs",
    ("logging", "logging_level"): "INFO",
    ("logging", "remote_logging"): "False",
    ("email", "email_backend"): "airflow.utils.email.send_email_smtp",
    ("email", "email_conn_id"): "smtp_default",
    ("smtp", "smtp_host"): "localhost",
    ("smtp", "smtp_port"): "25",
    ("smtp", "smtp_mail_from"): "airflow@example.com",
    ("operators", "default_owner"): "airflow",
    ("operators", "default_queue"): "default",
    ("operators", "default_deferrable"): "False",
    ("sensors", "default_timeout"): "604800",
    ("scheduler", "catchup_by_default"): "False",
    ("scheduler", "create_cron_data_intervals"): "False",
    ("scheduler", "scheduler_heartbeat_sec"): "5",
    ("kubernetes_executor", "worker_container_repository"): "",
    ("kubernetes_executor", "worker_container_tag"): "",
    ("kubernetes_executor", "namespace"): "default",
    ("common.io", "xcom_objectstorage_path"): "",
}


def _of_providers() -> Mapping[tuple[str, str], str]:
    """Return what installed providers say of their own options."""
    return _told_on(tuple(sys.path))


@cache
def _told_on(path: tuple[str, ...]) -> Mapping[tuple[str, str], str]:
    """Ask the providers on a path; one that cannot answer has no options."""
    found: dict[tuple[str, str], str] = {}
    for entry in entry_points(group="apache_airflow_provider"):
        try:
            sections = entry.load()().get("config", {})
        except Exception:  # noqa: BLE001 - a provider is none of ours, and its options are no reason to fail
            continue
        for section, about in sections.items():
            for key, option in about.get("options", {}).items():
                if option.get("default") is not None:
                    found[section.lower(), key.lower()] = str(option["default"])
    return found


class AirflowConfigParser:
    """Answers from `AIRFLOW__SECTION__OPTION`, and else with what Airflow sets by itself."""

    def get(self, section: str, key: str, fallback: Any = _UNSET, **_more: Any) -> Any:
        """Return the text of an option; raises AirflowConfigException where there is none and no fallback."""
        name = f"AIRFLOW__{section.upper().replace('.', '_')}__{key.upper()}"
        option = section.lower(), key.lower()
        found = os.environ.get(name, _KNOWN.get(option))
        if found is None:
            found = _of_providers().get(option)
        if found is not None:
            return found
        if fallback is not _UNSET:
            return fallback
        raise AirflowConfigException(f"There is no option {key!r} in [{section}]; give it as {name}.")

    def getboolean(self, section: str, key: str, **more: Any) -> bool:
        """Return an option that is true or false."""
        return str(self.get(section, key, **more)).strip().lower() in ("t", "true", "1", "yes", "on")

    def getint(self, section: str, key: str, **more: Any) -> int:
        """Return a whole number."""
        return int(self.get(section, key, **more))

    def getfloat(self, section: str, key: str, **more: Any) -> float:
        """Return a number."""
        return float(self.get(section, key, **more))

    def getlist(self, section: str, key: str, delimiter: str = ",", **more: Any) -> list[str]:
        """Return a list."""
        text = self.get(section, key, **more)
        return [each.strip() for each in text.split(delimiter)] if isinstance(text, str) else text

    def getjson(self, section: str, key: str, **more: Any) -> Any:
        """Return an option that is written as JSON."""
        text = self.get(section, key, **more)
        return json.loads(text) if isinstance(text, str) and text else text

    def getimport(self, section: str, key: str, **more: Any) -> Any:
        """Return what an option names by its import path, or None where it names nothing."""
        name = self.get(section, key, **more)
        return import_string(name) if name else None

    def getsection(self, section: str) -> dict[str, str]:
        """Return all options of a section that are set, or that Airflow or a provider sets by itself."""
        known = {**_of_providers(), **_KNOWN}
        found = {key: value for (place, key), value in known.items() if place == section.lower()}
        start = f"AIRFLOW__{section.upper().replace('.', '_')}__"
        told = {
            name.removeprefix(start).lower(): each
            for name, each in os.environ.items()
            if name.startswith(start)
        }
        return found | told

    get_mandatory_value = get

    def has_option(self, section: str, option: str) -> bool:
        """Whether there is such an option."""
        return self.get(section, option, fallback=None) is not None


conf: Final = AirflowConfigParser()
get = conf.get
getboolean = conf.getboolean
getint = conf.getint
getfloat = conf.getfloat
has_option = conf.has_option
