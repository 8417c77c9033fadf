"""Modules below `airflow`, made of the tables."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from scheduler.compat.airflow import old_forms, reading
from scheduler.compat.airflow.missing import missing
from scheduler.compat.airflow.tables import FAMILIES, MODULES, Home, is_package, is_yielding
from scheduler.sdk import dialect

_PROVIDERS: Final = "airflow.providers"
#: Packages of which parts may lie on `sys.path`: installed providers, and Airflow's examples.
_ON_DISK: Final = (_PROVIDERS, "airflow.example_dags")


class TableLoader:
    """Makes a module whose names are looked up in the tables when they are asked for."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Hang the names onto the module."""
        name, names = module.__name__, MODULES.get(module.__name__, {})
        whole = names.get("*")
        if name == "airflow":
            old_forms.start_anew()
            dialect.speak(reading.READER)

        def look_up(wanted: str) -> Any:
            value = _value(module, wanted, names.get(wanted), whole)
            vars(module)[wanted] = value
            return value

        vars(module).update(
            __dirigent__=True,
            __doc__=f"Dirigent's objects under the names of {name}.",
            __getattr__=look_up,
            __all__=sorted(set(names) - {"*"}),
        )


_LOADER: Final = TableLoader()


def spec_of(name: str, path: Sequence[str] | None) -> ModuleSpec:
    """Return where a module comes from: the tables, or the files of an installed provider."""
    installed = PathFinder.find_spec(name, path) if path and name.startswith(_ON_DISK) else None
    if name in MODULES or is_package(name):
        if installed is not None and installed.origin and is_yielding(name):
            return installed
        spec = ModuleSpec(name, _LOADER, is_package=is_package(name))  # type: ignore[arg-type]  # a loader by shape
        if is_package(name):
            spec.submodule_search_locations = _folders(name)
        return spec
    if installed is not None:
        return installed
    raise ModuleNotFoundError(_absent(name), name=name)


def _folders(name: str) -> list[str]:
    """Return the folders in which installed providers may have a part of this package."""
    if not name.startswith(_ON_DISK):
        return []
    folders = [Path(each or ".", *name.split(".")) for each in sys.path]
    return [str(each) for each in folders if each.is_dir()]


def _value(module: ModuleType, wanted: str, home: Home | None, whole: Home | None) -> Any:
    inner = f"{module.__name__}.{wanted}"
    if home is not None:
        return missing(inner, home.lacks) if home.lacks else home.load(wanted)
    if inner in MODULES or is_package(inner):
        return importlib.import_module(inner)
    if inner in sys.modules:
        return sys.modules[inner]
    if whole is not None and not wanted.startswith("__"):
        return getattr(importlib.import_module(whole.module), wanted)
    raise AttributeError(
        f"{module.__name__} has no {wanted!r} in Dirigent; docs/migrating-from-airflow.md lists what it has"
    )


def _absent(name: str) -> str:
    provider = provider_of(name)
    if provider is None:
        return f"{name} is no module that Dirigent has; docs/migrating-from-airflow.md lists what it has"
    folder = Path("airflow", "providers", *provider.split("-"))
    if any((Path(each or ".") / folder).is_dir() for each in sys.path):
        return (
            f"apache-airflow-providers-{provider} is installed and has no {name}; another release of it may"
        )
    package = f"apache-airflow-providers-{provider}"
    return f"{name} belongs to {package}, which is not installed: dirigent providers install {provider}"


def provider_of(name: str) -> str | None:
    """Return the provider that a module belongs to, as its package on PyPI ends; None for the others."""
    if not name.startswith(_PROVIDERS + "."):
        return None
    parts = name.removeprefix(_PROVIDERS + ".").split(".")
    return "-".join(parts[: 2 if parts[0] in FAMILIES else 1])
