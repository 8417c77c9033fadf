"""What each name in each of Airflow's modules is in Dirigent.

A table maps a module to its names, grouped by where they come from here: `home: name other=name_there; ...`. The home
of what is missing is `?` and a word for it. `*` stands for all the other names of a home. `ALIASES` are modules that
hold the names of another.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scheduler.compat.airflow.tables.definitions import DEFINITIONS
from scheduler.compat.airflow.tables.models import MODELS
from scheduler.compat.airflow.tables.old import ALIASES, OLD
from scheduler.compat.airflow.tables.providers import PROVIDERS
from scheduler.compat.airflow.tables.sdk import SDK
from scheduler.compat.airflow.tables.tasks import TASKS

#: It stays what it is here, whatever is installed: it is part of Airflow itself.
_KEPT: Final = "airflow.providers.standard"


@dataclass(frozen=True, slots=True)
class Home:
    """Where a name comes from: a module of Dirigent's, or nowhere, as Dirigent lacks it."""

    module: str
    name: str
    lacks: str = ""

    def load(self, wanted: str) -> Any:
        """Return the object."""
        module = importlib.import_module(self.module)
        return module if self.name == "." else getattr(module, self.name or wanted)


def _homes(text: str) -> Iterator[tuple[str, Home]]:
    for group in filter(str.strip, text.split(";")):
        home, _, names = group.partition(":")
        home = home.strip()
        for each in names.split():
            name, _, there = each.partition("=")
            if home.startswith("?"):
                yield name, Home("", name, home[1:].strip())
            else:
                yield name, Home(home, there or name)


class _Modules(Mapping[str, Mapping[str, Home]]):
    """Reads the names of a module when they are first asked for: a file asks for a few of hundreds."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._read: dict[str, Mapping[str, Home]] = {}

    def __getitem__(self, name: str) -> Mapping[str, Home]:
        if name not in self._read:
            self._read[name] = dict(_homes(self._texts[name]))
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


_TEXTS: Final = {**DEFINITIONS, **MODELS, **OLD, **PROVIDERS, **SDK, **TASKS}
#: Module -> name -> home.
MODULES: Final[Mapping[str, Mapping[str, Home]]] = _Modules(
    _TEXTS | {alias: _TEXTS[name] for alias, name in ALIASES.items()}
)


def _above(name: str) -> Iterator[str]:
    parts = name.split(".")
    for length in range(1, len(parts)):
        yield ".".join(parts[:length])


#: First parts of providers' names that more than one provider has in common.
FAMILIES: Final = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
#: Names below which there are modules.
PACKAGES: Final = {"airflow.example_dags", *(f"airflow.providers.{each}" for each in FAMILIES)}.union(
    *map(_above, MODULES)
)


def is_package(name: str) -> bool:
    """Whether there are modules below this name."""
    return name in PACKAGES


def is_yielding(name: str) -> bool:
    """Whether what is installed under this name comes first, and the names here stand in for what is not."""
    return not name.startswith(_KEPT)
