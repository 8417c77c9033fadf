"""What a person would have answered in a test run: given to `dag.test()`, or else the defaults of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scheduler.errors import BadParams
from scheduler.sdk.xcom import encode
from scheduler.testing.params import fault_of
from scheduler.wire import Data, Question

#: An option, several of them, or both `chosen_options` and `params_input`.
Answer = str | list[str] | Mapping[str, Any]


def answer_here(task_id: str, asked: Question, answers: Mapping[str, Answer], now: datetime) -> Data:
    """Return what the task goes on with (`wire.Job.resume`). Raises BadParams where nothing says the answer."""
    given = answers.get(task_id)
    if given is None and asked.defaults is None:
        raise BadParams(
            f"Task {task_id!r} asks {asked.subject!r}: say what is answered, as in "
            f"dag.test(answers={{{task_id!r}: {asked.options[0]!r}}})."
        )
    answer = _read(given if given is not None else list(asked.defaults or ()))
    _check_options(task_id, asked, answer["chosen_options"])
    event = {
        "chosen_options": answer["chosen_options"],
        "params_input": _filled(task_id, asked, answer.get("params_input", {})),
        "responded_at": now,
        "responded_by_user": {"id": "test", "name": "test"} if given is not None else None,
    }
    return {"kind": "event", "method": asked.method, "kwargs": {}, "event": encode(event), "xcoms": {}}


def _read(given: Answer) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {"chosen_options": [], **given}
    return {"chosen_options": [given] if isinstance(given, str) else given}


def _check_options(task_id: str, asked: Question, chosen: Sequence[str]) -> None:
    """Refuse what a server would (`operations.questions`)."""
    known = ", ".join(asked.options)
    if unknown := [each for each in chosen if each not in asked.options]:
        raise BadParams(f"{unknown[0]!r} is no option of {task_id!r}; choose of {known}.")
    if not chosen or (len(chosen) > 1 and not asked.multiple):
        raise BadParams(f"{len(chosen)} options of {task_id!r} are chosen; choose one of {known}.")


def _filled(task_id: str, asked: Question, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is filled in, defaults included. Raises BadParams for what a server would refuse."""
    values = {name: each["value"] for name, each in asked.params.items() if "value" in each} | dict(given)
    if unknown := sorted(values.keys() - asked.params.keys()):
        raise BadParams(f"{task_id!r} asks for no param {unknown[0]!r}.")
    for name, param in asked.params.items():
        problem = (
            fault_of(name, param.get("schema") or {}, values[name])
            if name in values
            else f"{name} must be given"
        )
        if problem:
            raise BadParams(f"The answer to {task_id!r}: {problem}.")
    return values
