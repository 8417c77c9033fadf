"""What answers `import airflow...` in a process that loads a DAG file."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from scheduler.sdk import dialect

#: Which of two wins where Airflow itself is installed: "dirigent" (which is taken where it is unset) or "installed".
WINNER: Final = "DIRIGENT_AIRFLOW_NAMES"
_ROOT: Final = "airflow"
_BELOW: Final = "airflow."
_INSTALLED: Final = ("apache-airflow-core", "apache-airflow")
#: Loaded by name: neither the tables nor what they lead to is read before a file asks for Airflow.
_MODULES: Final = "scheduler.compat.airflow.modules"


class AirflowFinder:
    """Finds `airflow` and what is below it, and nothing else."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer the import system; raises ModuleNotFoundError that says what to install, or what is not there."""
        if name != _ROOT and not name.startswith(_BELOW):
            return None
        if name == _ROOT and _is_left_to_airflow():
            return None
        if name != _ROOT and not is_ours():
            return None
        spec: ModuleSpec | None = importlib.import_module(_MODULES).spec_of(name, path)
        return spec


_FINDER: Final = AirflowFinder()


def install() -> None:
    """Let `import airflow` find Dirigent's objects in this process, from now on."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def forget() -> None:
    """Forget what one file imported, so that the next one is seen to import it, or not to."""
    if dialect.current() is None:
        return
    dialect.speak(None)
    for name in [each for each in sys.modules if each == _ROOT or each.startswith(_BELOW)]:
        del sys.modules[name]


def is_ours() -> bool:
    """Whether `airflow` was imported in this process, and was Dirigent's."""
    return _ROOT in sys.modules and hasattr(sys.modules[_ROOT], "__dirigent__")


def _is_left_to_airflow() -> bool:
    return os.environ.get(WINNER) == "installed" and any(map(_is_installed, _INSTALLED))


def _is_installed(name: str) -> bool:
    metadata = importlib.import_module("importlib.metadata")  # It brings much, and this is rarely asked.
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
