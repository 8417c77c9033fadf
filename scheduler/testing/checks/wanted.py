"""Variables and connections that files and tasks name literally, so that they must exist when a task runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from scheduler.sdk.dag import DAG
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.variables import Reader
from scheduler.testing.checks.notes import Note

#: What works without a connection of its name.
_NEEDS_NONE: Final = frozenset({"fs_default", "http_default"})
_BRACES: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_IN_TEMPLATE: Final = re.compile(r"\b(var\.value|var\.json|conn)\.(\w+)")
_REMEDY: Final = {
    "variable": "`dirigent variables set {0} VALUE`, or DIRIGENT_VAR_{1}",
    "connection": "`dirigent connections set {0} --uri URI`, or DIRIGENT_CONN_{1}",
}


class Wanted(NamedTuple):
    """A name, and where it stands."""

    kind: Literal["variable", "connection"]
    name: str
    path: str
    line: int


def missing(wanted: Iterable[Wanted], reader: Reader, made: Collection[str]) -> Iterator[Note]:
    """Ask for each name, and note those that nobody knows; `made`: variables that the files themselves set."""
    known: dict[tuple[str, str], bool] = {("variable", name): True for name in made}
    for each in wanted:
        if (each.kind, each.name) not in known:
            known[each.kind, each.name] = _is_known(each, reader)
        if not known[each.kind, each.name]:
            remedy = _REMEDY[each.kind].format(each.name, each.name.upper())
            message = f"There is no {each.kind} {each.name!r}. Set it: {remedy}."
            yield Note(each.path, each.line, f"missing-{each.kind}", message)


def _is_known(wanted: Wanted, reader: Reader) -> bool:
    if wanted.kind == "variable":
        return reader.get_variable(wanted.name) is not None
    return wanted.name in _NEEDS_NONE or reader.get_connection(wanted.name) is not None


def wanted_in(path: str, tree: ast.Module) -> Iterator[Wanted]:
    """Return the names that stand in the text of a file."""
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _in_call(path, node)
        elif isinstance(node, ast.Dict):
            yield from _in_dict(path, node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            yield from in_template(path, node.value, node.lineno)


def made_in(tree: ast.Module) -> Iterator[str]:
    """Return the variables that a file sets by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _called(node.func) == ("Variable", "set"):
            yield _text(node.args[0]) or ""


def in_template(path: str, text: str, line: int = 1) -> Iterator[Wanted]:
    """Return the names that a template asks for; `line`: where it begins."""
    for braces in _BRACES.finditer(text):
        for match in _IN_TEMPLATE.finditer(braces.group()):
            source, name = match.groups()
            if name != "get":
                before = text.count("\n", 0, braces.start() + match.start())
                yield Wanted("connection" if source == "conn" else "variable", name, path, line + before)


def in_template_files(dag: DAG) -> Iterator[Wanted]:
    """Return the names that files of templates ask for."""
    for task in dag.tasks:
        for name in task.template_fields:
            for each in _template_files(task, dag, getattr(task, name, None)):
                yield from in_template(str(each), each.read_text(errors="replace"))


def _template_files(task: BaseOperator, dag: DAG, value: Any) -> Iterator[Path]:
    endings = tuple(task.template_ext)
    if isinstance(value, Mapping):
        value = list(value.values())
    for text in value if isinstance(value, list | tuple) else [value]:
        if isinstance(text, str) and endings and text.endswith(endings) and "\n" not in text:
            places = [folder / text for folder in (dag.folder, *map(Path, dag.template_searchpath))]
            yield from [place for place in places if place.is_file()][:1]


def _in_call(path: str, call: ast.Call) -> Iterator[Wanted]:
    owner, name = _called(call.func)
    first = _text(call.args[0]) if call.args else None
    if first is not None:
        if (owner, name) == ("Variable", "get") and not _has_default(call):
            yield Wanted("variable", first, path, call.lineno)
        elif _takes_connection(owner, name):
            yield Wanted("connection", first, path, call.lineno)
    for keyword in call.keywords if name != "Connection" else ():
        text = _text(keyword.value)
        if text and keyword.arg and keyword.arg.endswith("conn_id") and "{" not in text:
            yield Wanted("connection", text, path, keyword.value.lineno)


def _takes_connection(owner: str, name: str) -> bool:
    asks = name in ("get_connection", "get_connection_from_secrets") or name.endswith("Hook")
    return asks or (owner, name) == ("Connection", "get")


def _in_dict(path: str, node: ast.Dict) -> Iterator[Wanted]:
    for key, value in zip(node.keys, node.values, strict=True):
        name, text = _text(key), _text(value)
        if name and text and name.endswith("_conn_id") and "{" not in text:
            yield Wanted("connection", text, path, value.lineno)


def _called(function: ast.expr) -> tuple[str, str]:
    """Return `Variable` and `get` of `Variable.get` or `sdk.Variable.get`."""
    if isinstance(function, ast.Name):
        return "", function.id
    if not isinstance(function, ast.Attribute):
        return "", ""
    owner = function.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")), function.attr


def _has_default(call: ast.Call) -> bool:
    return len(call.args) > 1 or any(each.arg in (None, "default", "default_var") for each in call.keywords)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
