"""What a person would have answered in a test run: given to `dag.test()`, or else the defaults of the question."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler.errors import BadParams
from scheduler.sdk.xcom import encode
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
    if unknown := [each for each in answer["chosen_options"] if each not in asked.options]:
        raise BadParams(f"{unknown[0]!r} is no option of {task_id!r}; choose of {', '.join(asked.options)}.")
    params = {name: each["value"] for name, each in asked.params.items() if "value" in each}
    event = {
        "chosen_options": answer["chosen_options"],
        "params_input": params | answer.get("params_input", {}),
        "responded_at": now,
        "responded_by_user": {"id": "test", "name": "test"} if given is not None else None,
    }
    return {"kind": "event", "method": asked.method, "kwargs": {}, "event": encode(event), "xcoms": {}}


def _read(given: Answer) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {"chosen_options": [], **given}
    return {"chosen_options": [given] if isinstance(given, str) else given}
