"""Who a worker is, and what it may take."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.core.scaling import Span

#: A worker on whose host an attempt could not be started claims nothing for so long, in seconds.
UNFIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """Who a worker is and what it may take."""

    worker_id: str
    hostname: str
    pid: int
    queues: frozenset[str]
    slots: int
    lease_s: float
    heartbeat_s: float
    version: str = ""
    unfit_s: float = UNFIT_S
    drain_s: float = 0.0
    #: Whether what deferred tasks wait for is watched here.
    has_waiter: bool = False
    #: Where it scales itself; `slots` is its floor then.
    span: Span | None = None
