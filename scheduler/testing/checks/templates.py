"""Templates that cannot be rendered, whatever a run brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import Environment, TemplateError, TemplateNotFound

from scheduler.sdk.dag import DAG
from scheduler.sdk.jinja_environments import environment_of, explain
from scheduler.sdk.operator import BaseOperator
from scheduler.testing.checks.notes import Note
from scheduler.testing.checks.places import Places


def bad(dag: DAG, places: Places) -> Iterator[Note]:
    """Note the template fields that Jinja refuses."""
    environment = environment_of(dag, native=False)
    has_all_places = all((dag.folder / each).is_dir() for each in dag.template_searchpath)
    for task in dag.tasks:
        for name, text in _templates_of(task):
            fault = _fault(environment, text, tuple(task.template_ext), has_all_places)
            if fault:
                message = f"Template field {name!r} of task {task.task_id!r}: {fault}"
                yield Note(places.path, places.of_task(task.label), "bad-template", message)


def _templates_of(task: BaseOperator) -> Iterator[tuple[str, str]]:
    for name in task.template_fields:
        for text in _texts(getattr(task, name, None)):
            if id(text) not in task.verbatim:
                yield name, text


def _texts(value: Any) -> Iterator[str]:
    """Return the texts in a value, as far as its lists and dicts go."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


def _fault(environment: Environment, text: str, endings: tuple[str, ...], has_all_places: bool) -> str:
    try:
        if endings and text.endswith(endings) and "\n" not in text:
            environment.get_template(text.removeprefix("./"))
        elif "{" in text:
            environment.from_string(text)
    except TemplateNotFound as error:  # It may lie in a folder that only other machines have.
        return explain(error) if has_all_places else ""
    except TemplateError as error:
        return explain(error)
    return ""
