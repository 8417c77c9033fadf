"""Where in its file a DAG or task is declared, going by the text."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Places:
    """The text of one file; 1 stands for a line that is not known."""

    path: str
    tree: ast.Module | None

    def of_dag(self, dag_id: str) -> int:
        """Return the line on which a DAG is declared."""
        return self._of(dag_id, {"DAG", "dag"})

    def of_task(self, name: str) -> int:
        """Return the line on which a task is declared, by its id within its group."""
        return self._of(name, None)

    def _of(self, name: str, called: set[str] | None) -> int:
        for node in ast.walk(self.tree) if self.tree else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if node.name == name and node.decorator_list:
                    return node.lineno
                continue
            if (
                isinstance(node, ast.Call)
                and (called is None or _name(node.func) in called)
                and _names(node, name)
            ):
                return node.lineno
        return 1


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _names(call: ast.Call, name: str) -> bool:
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg in ("task_id", "dag_id"))]
    return any(isinstance(each, ast.Constant) and each.value == name for each in given)
