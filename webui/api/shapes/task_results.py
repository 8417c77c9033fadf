"""A result of a task that somebody gives."""

from __future__ import annotations

from typing import Any

from webui.api.frame import Answer, Body
from webui.api.shapes.tasks import MapIndex


class TaskResultPut(Body):
    """What the task instance returns."""

    value: Any
    map_index: MapIndex = -1
    path: str = ""


class TaskResult(Answer):
    """What became of the task instance, and which tasks below it are judged anew."""

    dag_id: str
    dag_run_id: str
    task_id: str
    path: str
    state: str
    judged_anew: list[str]
