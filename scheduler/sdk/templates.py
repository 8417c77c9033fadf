"""Rendering of template fields. Jinja is loaded where there is a template: each process forked later would carry it."""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from scheduler.errors import DirigentError, TemplateFailed
from scheduler.sdk.context import Context
from scheduler.sdk.params import DagParam
from scheduler.sdk.results import Promise, XComArg
from scheduler.wire import cut

if TYPE_CHECKING:
    from jinja2 import Environment

    from scheduler.sdk.dag import DAG
    from scheduler.sdk.operator import BaseOperator

_JINJA = "scheduler.sdk.jinja_environments"


def load_jinja_for(dags: Iterable[DAG]) -> None:
    """Load Jinja if a task of these has a template: what is forked later then finds it."""
    if any(_is_templated(task) for dag in dags for task in dag.tasks):
        import_module(_JINJA)


def _is_templated(task: BaseOperator) -> bool:
    endings = tuple(task.template_ext)
    return any(_has_template(getattr(task, name, None), endings) for name in task.template_fields)


def _has_template(value: Any, endings: tuple[str, ...]) -> bool:
    if isinstance(value, str):
        return "{" in value or (bool(endings) and value.endswith(endings))
    if isinstance(value, Mapping):
        return any(_has_template(each, endings) for each in value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return any(_has_template(each, endings) for each in value)
    return any(_has_template(getattr(value, name, None), endings) for name in _names_of(value))


def render_task(task: BaseOperator, dag: DAG, context: Context) -> tuple[BaseOperator, dict[str, Any]]:
    """Return a copy of the task with rendered fields, and these fields by name.

    Raises TemplateFailed that names the field and the cause.
    """
    rendered = copy.copy(task)
    renderer = Renderer(task, dag, context)
    fields = {name: renderer.field(name, getattr(task, name)) for name in task.template_fields}
    vars(rendered).update(fields)
    return rendered, fields


class Literal:
    """A value that is not rendered, though it stands in a template field: `env={"X": Literal("{{ this }}")}`."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Renderer:
    """Renders the values of one task, however deep its templates stand."""

    def __init__(self, task: BaseOperator, dag: DAG, context: Context) -> None:
        native = task.render_template_as_native_obj
        self._is_native = dag.render_template_as_native_obj if native is None else native
        self._dag = dag
        self._endings = tuple(task.template_ext)
        self._context = context
        self._task_id = task.task_id
        self._verbatim = task.verbatim

    def field(self, name: str, value: Any) -> Any:
        """Render one field; an error names it."""
        try:
            return self.render(value)
        except (DirigentError, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 - macros and filters are user code
            said = _said_by_jinja(error)
            cause = said or f"{type(error).__name__}: {error}"
            failed = TemplateFailed(f"Template field {name!r} of task {self._task_id!r}: {cause}")
            raise failed from (None if said else error)

    def render(self, value: Any) -> Any:
        """Render text, whatever it is nested in; fetch the results of other tasks."""
        if isinstance(value, str):
            return value if id(value) in self._verbatim else self._text(value)
        if isinstance(value, Literal):
            return value.value
        if isinstance(value, XComArg):
            return resolve_result(value, self._context)
        if isinstance(value, Promise):
            return value.resolve(self._context["ti"])
        if isinstance(value, DagParam):
            return self._context["params"][value.name]
        if isinstance(value, Mapping):
            return {key: self.render(each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return _rebuilt(value, [self.render(each) for each in value])
        return self._object(value)

    def _text(self, text: str) -> Any:
        if self._endings and text.endswith(self._endings) and "\n" not in text:
            return self._environment().get_template(text.removeprefix("./")).render(self._all_names())
        if "{" not in text:
            return text
        return self._environment().from_string(text).render(self._names_in(text))

    def _all_names(self) -> Context:
        return dict(self._context.items())

    def _names_in(self, text: str) -> Context:
        """Return the context with those values worked out that wait for it and that the text may ask for."""
        for name in getattr(self._context, "late", ()):
            if name in text:
                self._context[name]
        return self._context

    def _environment(self) -> Environment:
        """Only asked for where there is a template: most attempts have none, and making it takes time."""
        environment: Environment = import_module(_JINJA).environment_of(self._dag, self._is_native)
        return environment

    def _object(self, value: Any) -> Any:
        names = _names_of(value)
        if not names:
            return value
        rendered = copy.copy(value)
        for name in names:
            setattr(rendered, name, self.render(getattr(value, name)))
        return rendered


def _names_of(value: Any) -> Iterable[str]:
    """Return the template fields of an object that is no task itself."""
    names: Iterable[str] = () if isinstance(value, type) else getattr(type(value), "template_fields", ())
    return names


def _rebuilt(original: Any, values: Iterable[Any]) -> Any:
    if hasattr(original, "_make"):
        return original._make(values)
    return type(original)(values) if type(original) in (list, tuple, set, frozenset) else list(values)


def _said_by_jinja(error: Exception) -> str:
    """Return what Jinja says of a bad template; "" of any other error."""
    jinja = sys.modules.get(_JINJA)
    return jinja.explain(error) if jinja else ""


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
    return text if len(text) <= 4096 else f"{cut(text, 4096)} ({len(text):,} characters)"
