"""Modules of Airflow's that a file imports under a name which Airflow has given up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scheduler.compat.airflow.tables.old import ALIASES, OLD
from scheduler.testing.checks.notes import Note


def old_imports(path: str, tree: ast.Module) -> Iterator[Note]:
    """Note the imports, with the newer name where there is one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        for name in names:
            if name in ALIASES or name in OLD:
                yield Note(
                    path,
                    node.lineno,
                    "deprecated",
                    f"{name}: Airflow has given this name up; {_remedy(name)}",
                )


def _remedy(name: str) -> str:
    if newer := ALIASES.get(name):
        return f"import from {newer}."
    return "import from scheduler, or from the provider that has it now."
