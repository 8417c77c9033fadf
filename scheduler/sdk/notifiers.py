"""Notifiers: objects that stand where a callback does, render their templates and tell someone."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from logging import Logger, getLogger
from typing import Any, cast

from scheduler.sdk.context import Context
from scheduler.sdk.operator import BaseOperator
from scheduler.sdk.templates import Renderer


@dataclass(frozen=True)
class _Templated:
    """What a renderer asks of the task whose templates it renders."""

    task_id: str
    template_ext: Sequence[str]
    render_template_as_native_obj: bool | None = None
    verbatim: frozenset[int] = frozenset()


class BaseNotifier:
    """A callback for tasks, DAGs and deadlines: override `notify`, or `async_notify`.

    What `template_fields` names is rendered before, each time anew.
    """

    template_fields: Sequence[str] = ()
    template_ext: Sequence[str] = ()

    def __init__(self, context: Context | None = None, **kwargs: Any) -> None:
        self.context: Context = context or {}

    @property
    def log(self) -> Logger:
        """Where it logs to."""
        return getLogger(f"{type(self).__module__}.{type(self).__qualname__}")

    def notify(self, context: Context) -> None:
        """Tell whoever is to know. Override it."""
        if type(self).async_notify is BaseNotifier.async_notify:
            raise NotImplementedError(f"{type(self).__name__} has no notify(); override it.")
        # By name: it stands above this layer, and few notifiers are asynchronous.
        import_module("scheduler.operators.python").run_coroutine(self.async_notify(context))

    async def async_notify(self, context: Context) -> None:
        """Tell whoever is to know, as a coroutine. Override it in place of `notify`."""
        raise NotImplementedError(f"{type(self).__name__} has no notify(); override it.")

    def __call__(self, *args: Any) -> None:
        """Be a callback: render the fields of a copy, and notify."""
        context: Context = args[0] if args else self.context
        rendered = copy.copy(self)
        rendered.context = context
        rendered.render_template_fields(context)
        rendered.notify(context)

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render what `template_fields` names."""
        templated = cast("BaseOperator", _Templated(type(self).__name__, self.template_ext))
        renderer = Renderer(templated, context["dag"], context)
        for name in self.template_fields:
            setattr(self, name, renderer.field(name, getattr(self, name)))
