"""Notifiers: objects with a `notify` that stand where a callback does."""

from __future__ import annotations

from collections.abc import Sequence
from logging import Logger, getLogger
from typing import Any

from scheduler.sdk.context import Context
from scheduler.sdk.instance import TaskInstance
from scheduler.sdk.templates import Renderer


class BaseNotifier:
    """Called with the context, it renders its template fields and calls `notify`, which a subclass overrides."""

    template_fields: Sequence[str] = ()
    template_ext: Sequence[str] = ()

    def __init__(self, **kwargs: Any) -> None:
        self.context: Context = {}

    @property
    def log(self) -> Logger:
        """Where it logs to."""
        return getLogger(f"{type(self).__module__}.{type(self).__qualname__}")

    def notify(self, context: Context) -> None:
        """Tell whoever is to know. Override it."""
        raise NotImplementedError(f"{type(self).__name__} has no notify(); override it.")

    def __call__(self, *args: Any) -> None:
        """Be a callback: render the fields, and notify."""
        context = args[0] if args else {}
        self.context = context
        self.render_template_fields(context)
        self.notify(context)

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Render what `template_fields` names."""
        instance = context.get("ti")
        if not isinstance(instance, TaskInstance):
            return
        renderer = Renderer(instance.task, context["dag"], context)
        for name in self.template_fields:
            setattr(self, name, renderer.field(name, getattr(self, name)))
