"""Rendering of template fields with Jinja, in a sandbox, where an unknown name is an error."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment

from scheduler.errors import DirigentError, TemplateFailed
from scheduler.sdk.context import Context
from scheduler.sdk.params import DagParam
from scheduler.sdk.results import XComArg

if TYPE_CHECKING:
    from scheduler.sdk.dag import DAG
    from scheduler.sdk.operator import BaseOperator


# Jinja builds its lexer at first use and keeps it. Built here, it is there in every process forked later.
_LEXER: Final = SandboxedEnvironment().lexer


class _NativeSandbox(SandboxedEnvironment, NativeEnvironment):
    """Renders to Python values instead of text."""


@lru_cache(maxsize=64)
def environment_of(dag: DAG, native: bool) -> Environment:
    """Return the Jinja environment of a DAG: its search path, macros and filters."""
    kind = _NativeSandbox if native else SandboxedEnvironment
    settings: dict[str, Any] = {
        "undefined": dag.template_undefined or StrictUndefined,
        "loader": FileSystemLoader(
            [str(dag.folder), *(str(dag.folder / each) for each in dag.template_searchpath)]
        ),
        "cache_size": 0,
        "autoescape": False,  # What is rendered here becomes commands and SQL, never a page.
        **dag.jinja_environment_kwargs,
    }
    environment = kind(**settings)
    environment.globals.update(dag.user_defined_macros)
    environment.filters |= {"ds": _ds, "ds_nodash": _ds_nodash, "ts": _ts, **dag.user_defined_filters}
    return environment


def _ds(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%d"))


def _ds_nodash(moment: Any) -> str:
    return str(moment.strftime("%Y%m%d"))


def _ts(moment: Any) -> str:
    return str(moment.isoformat())


def render_task(task: BaseOperator, dag: DAG, context: Context) -> tuple[BaseOperator, dict[str, Any]]:
    """Return a copy of the task with rendered fields, and these fields by name.

    Raises TemplateFailed that names the field and the cause.
    """
    rendered = copy.copy(task)
    renderer = Renderer(task, dag, context)
    fields = {name: renderer.field(name, getattr(task, name)) for name in task.template_fields}
    vars(rendered).update(fields)
    return rendered, fields


class Renderer:
    """Renders the values of one task, however deep its templates stand."""

    def __init__(self, task: BaseOperator, dag: DAG, context: Context) -> None:
        native = task.render_template_as_native_obj
        self._is_native = dag.render_template_as_native_obj if native is None else native
        self._dag = dag
        self._endings = tuple(task.template_ext)
        self._context = context
        self._task_id = task.task_id

    def field(self, name: str, value: Any) -> Any:
        """Render one field; an error names it."""
        try:
            return self.render(value)
        except (DirigentError, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 - macros and filters are user code
            cause = (
                f"{type(error).__name__}: {error}" if not isinstance(error, TemplateError) else _say(error)
            )
            failed = TemplateFailed(f"Template field {name!r} of task {self._task_id!r}: {cause}")
            raise failed from (None if isinstance(error, TemplateError) else error)

    def render(self, value: Any) -> Any:
        """Render text, whatever it is nested in; fetch the results of other tasks."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, XComArg):
            return resolve_result(value, self._context)
        if isinstance(value, DagParam):
            return self._context["params"][value.name]
        if isinstance(value, Mapping):
            return {key: self.render(each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return _rebuilt(value, [self.render(each) for each in value])
        return self._object(value)

    def _text(self, text: str) -> Any:
        if self._endings and text.endswith(self._endings) and "\n" not in text:
            return self._environment().get_template(text.removeprefix("./")).render(self._context)
        if "{" not in text:
            return text
        return self._environment().from_string(text).render(self._context)

    def _environment(self) -> Environment:
        """Only asked for where there is a template: most attempts have none, and making it takes time."""
        return environment_of(self._dag, self._is_native)

    def _object(self, value: Any) -> Any:
        names = getattr(type(value), "template_fields", ())
        if isinstance(value, type) or not names:
            return value
        rendered = copy.copy(value)
        for name in names:
            setattr(rendered, name, self.render(getattr(value, name)))
        return rendered


def _rebuilt(original: Any, values: Iterable[Any]) -> Any:
    if hasattr(original, "_make"):
        return original._make(values)
    return type(original)(values) if type(original) in (list, tuple, set, frozenset) else list(values)


def _say(error: TemplateError) -> str:
    line = getattr(error, "lineno", None)
    name = getattr(error, "name", None)
    place = f" (line {line}{f' of {name}' if name else ''})" if line else ""
    if type(error).__name__ == "TemplateNotFound":
        return f"there is no template file {name!r} beside the DAG file or in template_searchpath"
    return f"{error.message}{place}"


def resolve_result(result: XComArg[Any], context: Context) -> Any:
    """Fetch the value that a result stands for.

    `result["key"]` is that part of its return value, and else what the task kept under that key.
    """
    instance, task_id, path = context["ti"], result.operator.task_id, result.path
    value = instance.xcom_pull(task_id, result.key)
    if path and isinstance(path[0], str) and not (isinstance(value, Mapping) and path[0] in value):
        kept = instance.xcom_pull(task_id, path[0])
        if kept is not None:
            return _part(kept, path[1:], task_id)
    return _part(value, path, task_id)


def _part(value: Any, path: tuple[Any, ...], task_id: str) -> Any:
    for item in path:
        try:
            value = value[item]
        except (KeyError, IndexError, TypeError) as error:
            known = f"; it has {', '.join(map(repr, value))}" if isinstance(value, Mapping) else ""
            raise TemplateFailed(f"The result of task {task_id!r} has no {item!r}{known}.") from error
    return value


def shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return rendered fields as the page shows them: JSON types, long texts cut, empty ones left out."""
    return {name: _shown(value) for name, value in fields.items() if not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, Mapping):
        return {str(key): _shown(each) for key, each in list(value.items())[:_MOST]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(each) for each in list(value)[:_MOST]]
    return _cut(_described(value))


def _described(value: Any) -> str:
    name = getattr(value, "__qualname__", None)
    return cast("str", name) if callable(value) and name else repr(value)


_MOST = 200


def _cut(text: str) -> str:
    return text if len(text) <= 4096 else f"{text[:4096]}... ({len(text):,} characters)"
