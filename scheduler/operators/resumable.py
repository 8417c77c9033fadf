"""Operators whose job goes on elsewhere, and is found again by the next attempt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from scheduler.sdk.context import Context
from scheduler.sdk.state_store import NEVER_EXPIRE

if TYPE_CHECKING:
    import logging


class ResumableJobMixin(ABC):
    """Submits one job to another system, notes its id, and waits for it.

    The next attempt, after a lost worker or a failure, finds the id: it waits for a job that still runs, takes the
    result of one that has succeeded, and submits anew after one that has failed. Put it before the operator's class,
    and call `execute_resumable(context)` in `execute`. `durable=False` submits at each attempt.
    """

    if TYPE_CHECKING:
        log: logging.Logger

    #: The key of `task_state_store` under which the job's id stands.
    external_id_key: str = "remote_job_id"

    def __init__(self, *args: Any, durable: bool = True, **arguments: Any) -> None:
        super().__init__(*args, **arguments)
        self.durable = durable

    def execute_resumable(self, context: Context) -> Any:
        """Submit the job, or find the one that an earlier attempt has submitted; return its result."""
        known = context["task_state_store"].get(self.external_id_key) if self.durable else None
        status = None if known is None else self.get_job_status(known, context)
        if status is not None and self.is_job_active(status):
            self.log.info(
                "Job %s still goes on (%s): it is waited for, and not submitted again.", known, status
            )
        elif status is not None and self.is_job_succeeded(status):
            self.log.info("Job %s has succeeded (%s): it is not submitted again.", known, status)
            return self.get_job_result(known, context)
        else:
            known = self._submit(context, known, status)
        self.poll_until_complete(known, context)
        return self.get_job_result(known, context)

    def _submit(self, context: Context, ended: Any, status: str | None) -> Any:
        if status is not None:
            self.log.warning("Job %s has ended as %s: it is submitted again.", ended, status)
        external_id = self.submit_job(context)
        if self.durable and external_id is not None:
            context["task_state_store"].set(self.external_id_key, external_id, retention=NEVER_EXPIRE)
        return external_id

    @abstractmethod
    def submit_job(self, context: Context) -> Any:
        """Start the job, and return its id: what can be kept as a state, and not None."""

    @abstractmethod
    def get_job_status(self, external_id: Any, context: Context) -> str:
        """Ask the other system how the job is, in its words."""

    @abstractmethod
    def is_job_active(self, status: str) -> bool:
        """Tell whether a job of that status can be waited for."""

    @abstractmethod
    def is_job_succeeded(self, status: str) -> bool:
        """Tell whether a job of that status has its result."""

    @abstractmethod
    def poll_until_complete(self, external_id: Any, context: Context) -> None:
        """Return once the job has ended well; raise once it has not."""

    @abstractmethod
    def get_job_result(self, external_id: Any, context: Context) -> Any:
        """Return what the task hands on, or None."""
