"""What tasks ask people, and the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from webui.api.frame import Answer, Body, Choosing, Instant, Ordered, Page
from webui.api.shapes.tasks import Attempt, State, Task
from webui.numbers import MOST


class Person(Answer):
    """Somebody who answers."""

    id: str
    name: str


class Asked(Answer):
    """A question, and the answer where there is one."""

    subject: str
    body: str | None
    options: list[str]
    defaults: list[str] | None
    multiple: bool
    params: dict[str, Any]
    assigned_users: list[Person]
    created_at: datetime
    #: When it is answered by its defaults, or fails.
    response_timeout_at: datetime | None
    response_received: bool
    responded_at: datetime | None
    responded_by_user: Person | None
    chosen_options: list[str] | None
    params_input: dict[str, Any]


class Question(Asked):
    """What a task instance asked last."""

    task_instance: Task


class OldQuestion(Asked):
    """What a task instance asked in one try."""

    task_instance: Attempt


class Questions(Answer):
    """One page of what tasks asked."""

    hitl_details: list[Question]
    total_entries: int


class Created(BaseModel):
    """Bounds of when something was made."""

    created_at_gte: Instant | None = None
    created_at_gt: Instant | None = None
    created_at_lte: Instant | None = None
    created_at_lt: Instant | None = None


class QuestionsWanted(Page, Choosing, Created):
    """Which questions are listed."""

    BY_ITSELF: ClassVar[frozenset[str]] = frozenset(
        {"response_received", "subject_search", "body_search", "map_index"}
    )

    dag_id_pattern: str | None = None
    dag_id_prefix_pattern: str | None = None
    task_id: str | None = None
    task_id_pattern: str | None = None
    task_id_prefix_pattern: str | None = None
    map_index: Annotated[int, Field(ge=-1, le=MOST)] | None = None
    state: tuple[State, ...] = ()
    response_received: bool | None = None
    responded_by_user_id: tuple[str, ...] = ()
    responded_by_user_name: tuple[str, ...] = ()
    subject_search: str | None = None
    body_search: str | None = None
    order_by: Annotated[
        tuple[str, ...],
        Ordered(
            *("ti_id", "subject", "responded_at", "created_at", "responded_by_user_id"),
            *("responded_by_user_name", "dag_id", "run_id", "task_display_name", "run_after"),
            *("rendered_map_index", "task_instance_operator", "task_instance_state"),
        ),
    ] = ()


class AnswerGiven(Body):
    """What was chosen and filled in."""

    chosen_options: list[str] = Field(min_length=1)
    params_input: dict[str, Any] = Field(default_factory=dict)
    #: `created_at` of the question that is meant: where the task asks another by now, that is `409`.
    asked_at: Instant | None = None


class Answered(Answer):
    """An answer that counts."""

    responded_by: Person
    responded_at: datetime
    chosen_options: list[str]
    params_input: dict[str, Any]
