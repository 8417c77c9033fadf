"""The list of what a person does here: a name that a person would say, and the steps."""

from __future__ import annotations

from collections.abc import Callable

from tests.webui.tour.person import Person

Steps = Callable[[Person], None]

_TASKS: dict[str, Steps] = {}


def task(name: str) -> Callable[[Steps], Steps]:
    """Put a task on the list."""

    def put(steps: Steps) -> Steps:
        assert name not in _TASKS, name
        _TASKS[name] = steps
        return steps

    return put


def chapter(module: str) -> dict[str, Steps]:
    """Return the tasks that a module put there."""
    return {name: steps for name, steps in _TASKS.items() if steps.__module__ == module}
