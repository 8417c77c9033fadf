"""What branches may choose, where their code says it in so many words."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from scheduler.errors import BadDag
from scheduler.operators.branching import BaseBranchOperator
from scheduler.operators.people import HITLBranchOperator
from scheduler.operators.python import BranchPythonOperator, reachable, tasks_named, without_teardowns
from scheduler.sdk.dag import DAG
from scheduler.sdk.operator import BaseOperator
from scheduler.testing.checks.notes import Note
from scheduler.testing.checks.places import Places

#: What branches by time or by a query call the two ways.
_TWO_WAYS: Final = ("follow_task_ids_if_true", "follow_task_ids_if_false")


class Choice(NamedTuple):
    """Ids that follow, and the line that says so; 0 where that is not known."""

    ids: frozenset[str]
    line: int


class Ways(NamedTuple):
    """What a branch may choose. `is_all`: it can choose nothing else."""

    choices: tuple[Choice, ...]
    path: str
    is_all: bool


def ways_of(task: BaseOperator) -> Ways | None:
    """Return what a task may choose, or None for one that is no branch."""
    match task:
        case HITLBranchOperator():
            named = [task.options_mapping.get(each, each) for each in task.options]
            return Ways(tuple(Choice(_ids(each), 0) for each in named), "", is_all=not task.multiple)
        case BaseBranchOperator() if all(hasattr(task, name) for name in _TWO_WAYS):
            both = [_ids(getattr(task, name)) for name in _TWO_WAYS]
            return Ways(tuple(Choice(each, 0) for each in both), "", is_all=True)
        case BaseBranchOperator():
            return _ways_of_function(task.choose_branch)
        case BranchPythonOperator():
            return _ways_of_function(task.python_callable)
        case _:
            return None


def skipped_by(task: BaseOperator, choice: Choice) -> frozenset[str]:
    """Return the tasks right after a branch that do not follow. Raises BadDag for an id that means nothing."""
    taken = set[str]().union(*(tasks_named(task, each) for each in choice.ids))
    return frozenset(without_teardowns(task, task.downstream_task_ids - taken - reachable(task, taken)))


def unknown(dag: DAG, places: Places) -> Iterator[Note]:
    """Note the choices that name no task."""
    for task in dag.tasks:
        ways = ways_of(task)
        for choice in ways.choices if ways else ():
            line = choice.line or places.of_task(task.label)
            for each in sorted(choice.ids):
                if message := _fault(task, each):
                    yield Note(
                        ways.path if ways and ways.path else places.path, line, "unknown-branch", message
                    )


def _fault(task: BaseOperator, name: str) -> str:
    try:
        tasks_named(task, name)
    except BadDag as error:
        return str(error)
    return ""


def _ids(branch: str | Iterable[str]) -> frozenset[str]:
    return frozenset([branch] if isinstance(branch, str) else branch)


def _ways_of_function(function: Any) -> Ways:
    plain = inspect.unwrap(function)
    try:
        lines, first = inspect.getsourcelines(plain)
        tree = ast.parse(textwrap.dedent("".join(lines)))
        path = inspect.getsourcefile(plain) or ""
    except (OSError, SyntaxError, TypeError):
        return Ways((), "", is_all=False)
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        return Ways((), path, is_all=False)
    return _ways_of_body(definition, path, first - 1)


def _ways_of_body(function: ast.FunctionDef | ast.AsyncFunctionDef, path: str, above: int) -> Ways:
    returned = [(each, choices_in(each.value)) for each in _returns(function.body)]
    known = [
        Choice(ids, above + node.lineno) for node, choices in returned for ids in choices if ids is not None
    ]
    if not isinstance(function.body[-1], ast.Return | ast.Raise):
        known.append(Choice(frozenset(), 0))
    is_all = all(ids is not None for _, choices in returned for ids in choices)
    return Ways(tuple(known), path, is_all)


def choices_in(value: ast.expr | None) -> list[frozenset[str] | None]:
    """Return what an expression may choose; None for what only its run will tell."""
    match value:
        case None | ast.Constant(value=None):
            return [frozenset()]
        case ast.Constant(value=str(name)):
            return [frozenset([name])]
        case ast.IfExp(body=body, orelse=other):
            return choices_in(body) + choices_in(other)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            names = [
                each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            return [frozenset(names) if len(names) == len(items) else None]
        case _:
            return [None]


def _returns(body: Iterable[ast.AST]) -> Iterator[ast.Return]:
    """Return the returns of a function, not those of functions in it."""
    for node in body:
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _returns(ast.iter_child_nodes(node))
