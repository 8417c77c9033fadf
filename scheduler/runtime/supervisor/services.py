"""What the parts of one supervisor share."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from scheduler.clock import Clock
from scheduler.logs.mask import Masker
from scheduler.runtime import kernel
from scheduler.runtime.frames import FRAME_LIMIT
from scheduler.runtime.supervisor.bounds import Policy
from scheduler.runtime.supervisor.cgroups import GroupTree
from scheduler.runtime.supervisor.conversation import Answer, Conversation
from scheduler.runtime.supervisor.limits import Limits
from scheduler.runtime.supervisor.rate import Rate
from scheduler.runtime.supervisor.reactor import Reactor
from scheduler.wire import Data, Job


class OomWatch:
    """Knows how many processes the kernel has killed for want of memory; asks at most once a second for
    `lately`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self._asked_at: float | None = None

    def lately(self) -> int:
        """Return the count of at most a second ago."""
        if self._asked_at is None or self._clock.monotonic() - self._asked_at > 1.0:
            return self.now()
        return self._count

    def now(self) -> int:
        """Return the count of this moment."""
        self._asked_at = self._clock.monotonic()
        self._count = kernel.oom_kill_count()
        return self._count


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Clock, thread, pool and limits."""

    clock: Clock
    reactor: Reactor
    pool: Executor
    answer: Answer
    limits: Limits
    policy: Policy
    groups: GroupTree | None
    oom_watch: OomWatch
    rate: Rate

    def converse(
        self,
        sock: socket.socket,
        job: Job | None,
        masker: Masker,
        *,
        on_result: Callable[[Data], None],
        on_end: Callable[[str], None],
        on_rendered: Callable[[Data], None] | None = None,
        limit: int = FRAME_LIMIT,
    ) -> Conversation:
        """Open the conversation with a child over our end of its channel."""
        return Conversation(
            self.reactor,
            self.pool,
            self.answer,
            sock,
            job,
            masker,
            on_result=on_result,
            on_end=on_end,
            on_rendered=on_rendered,
            limit=limit,
        )
