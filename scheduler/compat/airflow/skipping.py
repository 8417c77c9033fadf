"""Mixins that operators of one's own skip other tasks with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scheduler.operators.python import follow_branch
from scheduler.sdk.context import get_current_context


class SkipMixin:
    """Lets a task skip others."""

    def skip(self, *given: Any, tasks: Iterable[Any] | None = None, **_more: Any) -> None:
        """Skip tasks: the last of the arguments, or `tasks`, is a list of them."""
        chosen = (
            tasks if tasks is not None else next((each for each in reversed(given) if _is_tasks(each)), ())
        )
        get_current_context()["ti"].skip_tasks([each.task_id for each in chosen])

    def skip_all_except(self, ti: Any, branch_task_ids: str | Iterable[str] | None) -> None:
        """Skip the tasks right after this one but for those that are named."""
        follow_branch(ti.task, get_current_context(), branch_task_ids)


class BranchMixIn(SkipMixin):
    """Lets a task choose what follows."""

    def do_branch(self, context: Any, branches_to_execute: str | Iterable[str] | None) -> Any:
        """Skip the ways not taken, and return what was chosen."""
        follow_branch(context["ti"].task, context, branches_to_execute)
        return branches_to_execute


def _is_tasks(value: Any) -> bool:
    return isinstance(value, list | tuple | set) and all(hasattr(each, "task_id") for each in value)
