"""A function as a program of its own, for an interpreter that knows nothing of Dirigent or of the DAG file."""

from __future__ import annotations

import ast
import inspect
import pickle
import textwrap
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from scheduler.errors import BadDag
from scheduler.operators.python import from_context
from scheduler.sdk.arguments import bad_argument
from scheduler.sdk.signals import TaskError

SERIALIZERS: Final = ("pickle", "cloudpickle", "dill")
#: What another interpreter can be given of the context; all else is made of Dirigent's classes.
_PLAIN_NAMES: Final = frozenset(
    {
        "conf",
        "data_interval_end",
        "data_interval_start",
        "ds",
        "ds_nodash",
        "logical_date",
        "params",
        "reason",
        "run_id",
    }
    | {"task_instance_key_str", "templates_dict", "test_mode", "tomorrow_ds", "try_number", "ts", "ts_nodash"}
    | {"ts_nodash_with_tz", "yesterday_ds"}
)
#: The oldest that every Python has which is still kept.
_PROTOCOL: Final = 4

_SCRIPT: Final = """\
import sys
import {serializer} as _serializer

virtualenv_string_args = {string_args!r}
with open(sys.argv[1], "rb") as _file:
    _args, _kwargs = _serializer.load(_file)

{function}

_result = {name}(*_args, **_kwargs)
if hasattr(_result, "__await__"):
    import asyncio
    _result = asyncio.run(_result)
with open(sys.argv[2], "wb") as _file:
    _serializer.dump(_result, _file, protocol={protocol})
"""


def check_function(function: object) -> None:
    """Raise BadDag for what has no source of its own, such as a lambda."""
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        raise bad_argument(
            "python_callable", function, "another interpreter runs its source: give a function made with def"
        )


def read_serializer(value: str | None) -> str:
    """Read the name of what carries arguments and result over."""
    if value not in (None, "", *SERIALIZERS):
        raise bad_argument("serializer", value, f"use {', '.join(SERIALIZERS)}")
    return value or "pickle"


class Script:
    """A function, written as a program into a folder, with its arguments; its result is read from there."""

    def __init__(self, folder: Path, serializer: str) -> None:
        self.path = folder / "script.py"
        self._given = folder / "given"
        self._result = folder / "result"
        self._serializer = serializer

    @property
    def words(self) -> list[str]:
        """What the interpreter is called with."""
        return [str(self.path), str(self._given), str(self._result)]

    def write(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        string_args: Sequence[str],
    ) -> None:
        """Write program and arguments. Raises TaskError for arguments that cannot be carried over."""
        text = _SCRIPT.format(
            serializer=self._serializer,
            string_args=list(string_args),
            function=_undecorated(function),
            name=function.__name__,
            protocol=_PROTOCOL,
        )
        self.path.write_text(text, encoding="utf-8")
        try:
            given = _carrier(self._serializer).dumps((tuple(args), dict(kwargs)), protocol=_PROTOCOL)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise TaskError(
                f"An argument of {function.__name__}() cannot be given to another interpreter: {error}"
            ) from error
        self._given.write_bytes(given)

    def result(self) -> Any:
        """Return what the function returned. Raises TaskError where this interpreter cannot read it."""
        try:
            return import_module(self._serializer).loads(self._result.read_bytes())
        except (ImportError, AttributeError, pickle.UnpicklingError) as error:
            raise TaskError(
                f"The result cannot be read here: {error}. Return plain values: numbers, texts, lists, dicts."
            ) from error


def _carrier(serializer: str) -> ModuleType:
    try:
        return import_module(serializer)
    except ModuleNotFoundError as error:
        if error.name != serializer:
            raise
        raise TaskError(
            f"serializer={serializer!r} needs the package {serializer}, which is not installed where this task runs: "
            f"pip install {serializer}, or leave serializer out (pickle)."
        ) from error


def plain_context(
    function: Callable[..., Any], context: Mapping[str, Any], positional: int, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the function asks of the context. Raises TaskError for what another interpreter cannot be given."""
    plain = {name: value for name, value in context.items() if name in _PLAIN_NAMES}
    asked = from_context(function, plain, positional, given)
    parameters = list(inspect.signature(function).parameters.values())[positional:]
    for each in parameters:
        is_open = each.default is each.empty and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
        if is_open and each.name in context and each.name not in {**asked, **given}:
            raise TaskError(
                f"{function.__name__}() asks for {each.name!r}, which another interpreter cannot be given. "
                f"It can have {', '.join(sorted(_PLAIN_NAMES))}."
            )
    return asked


def _undecorated(function: Callable[..., Any]) -> str:
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    except (OSError, TypeError) as error:
        raise BadDag(f"The source of {function.__name__}() cannot be found: {error}.") from error
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    node.decorator_list = []
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        # What they name is imported in the DAG file, and not here.
        argument.annotation = None
    for last in (node.args.vararg, node.args.kwarg):
        if last is not None:
            last.annotation = None
    node.returns = None
    return ast.unparse(node)
