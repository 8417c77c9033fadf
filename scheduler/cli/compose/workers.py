"""The side of a process that claims and runs attempts, and the worker that is nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from importlib import import_module
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from scheduler.cli.compose.answers import answer_of
from scheduler.cli.compose.connection_trials import trials_of
from scheduler.cli.compose.environments import environments_of
from scheduler.cli.compose.house import House
from scheduler.cli.compose.isolation import environ_of_children, groups_of, task_policy_of
from scheduler.cli.parts.archives import open_archive, open_payloads
from scheduler.cli.parts.launcher import Launcher
from scheduler.cli.parts.locked_starts import LockedStarts
from scheduler.cli.parts.trier import Trier
from scheduler.cli.parts.worker_logs import WorkerLogs
from scheduler.cli.version import own_version
from scheduler.config import Settings
from scheduler.core.scaling import Span
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.successors import Successors
from scheduler.dispatch.tickets import CeleryApp, CeleryPublish, check_broker, create_celery
from scheduler.dispatch.waiter import Waiter
from scheduler.dispatch.worker import Worker
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.loop.handing_on import hand_on_apart
from scheduler.parsing.materialize import materialize
from scheduler.runtime.supervisor.conversation import Answer
from scheduler.runtime.supervisor.environment import secrets_passed_on
from scheduler.runtime.supervisor.supervisor import Supervisor
from scheduler.security.encryption import FernetCipher
from scheduler.wire import Outcome

if TYPE_CHECKING:
    from scheduler.cli.parts.large_values import LargeValues


def plan_of(
    settings: Settings,
    worker_id: str,
    hostname: str,
    queues: Collection[str],
    slots: Span,
    *,
    has_waiter: bool,
) -> WorkerPlan:
    """Return who the worker of this process is and what it may take."""
    return WorkerPlan(
        worker_id=worker_id,
        hostname=hostname,
        pid=os.getpid(),
        queues=frozenset(queues),
        slots=slots.floor,
        span=slots if slots.is_wide else None,
        lease_s=settings.lease_s,
        heartbeat_s=settings.heartbeat_s,
        version=own_version(),
        drain_s=0.0 if settings.is_embedded else settings.drain_s,
        has_waiter=has_waiter,
    )


def traced_answer_of(house: House) -> Answer:
    """Return what answers the children of a worker, and takes the spans of their own code."""
    answer = answer_of(house)
    return answer if house.collected is None else house.collected.traces.door(answer)


class WorkerSide:
    """Claims and runs attempts: supervisor, worker, ticket consumer; and the copier of logs for readers elsewhere."""

    def __init__(
        self,
        house: House,
        publish: CeleryPublish,
        doorbells: Doorbells,
        *,
        worker_id: str,
        queues: Collection[str],
        slots: Span,
        environ: Mapping[str, str],
        copies_logs: bool,
        successors: Successors,
        has_waiter: bool = True,
    ) -> None:
        settings, hostname = house.settings, socket.gethostname()
        plan = plan_of(settings, worker_id, hostname, queues, slots, has_waiter=has_waiter)
        self._house = house
        self._doorbells = doorbells
        doorbells.watch_over(house.vitals)
        self._logs = self._make_logs(environ, is_copied=copies_logs)
        self._values = self._make_values()
        self._waiter = self._make_waiter(plan) if has_waiter else None
        self._trier = self._make_trier(plan)
        self.supervisor = self._make_supervisor(environ, hostname)
        self._locked = self._make_locked(environ)
        self.worker = Worker(
            house.db,
            plan,
            clock=house.clock,
            graphs=house.graphs,
            launcher=Launcher(self._logs, self.supervisor, house.collected, self._locked, self._values),
            bell=doorbells,
            publish=publish,
            code_root=lambda session, snapshot_id: materialize(session, snapshot_id, settings.home),
            successors=successors,
            vitals=house.vitals,
            on_deferred=self._waiter.ring if self._waiter else None,
        )

    def _make_waiter(self, plan: WorkerPlan) -> Waiter:
        house = self._house
        return Waiter(
            house.db,
            plan,
            clock=house.clock,
            graphs=house.graphs,
            watching=lambda: self.supervisor,
            code_root=lambda session, snapshot_id: materialize(session, snapshot_id, house.settings.home),
            vitals=house.vitals,
        )

    def _make_trier(self, plan: WorkerPlan) -> Trier | None:
        house, trials = self._house, trials_of(self._house.settings)
        if trials is None:
            return None
        return Trier(house.db, plan, clock=house.clock, cipher=FernetCipher(house.secret), trials=trials)

    def _make_logs(self, environ: Mapping[str, str], *, is_copied: bool) -> WorkerLogs:
        house = self._house
        return WorkerLogs(
            house.db,
            house.log_folder,
            house.clock,
            house.settings,
            is_copied=is_copied,
            archive=open_archive(house.settings),
            secrets=secrets_passed_on(environ, house.settings.pass_environ),
            lines=house.collected.lines if house.collected else None,
            live=lambda: self.supervisor.live,
            vitals=house.vitals,
        )

    def _make_supervisor(self, environ: Mapping[str, str], hostname: str) -> Supervisor:
        house = self._house
        return Supervisor(
            on_outcome=self._take,
            answer=traced_answer_of(house) if self._values is None else self._values.answer,
            clock=house.clock,
            environ=environ_of_children(house.settings, environ),
            pass_on=house.settings.pass_environ,
            policy=task_policy_of(house.settings),
            groups=groups_of(house.settings),
            name=hostname,
            vitals=house.vitals,
            watcher=self._waiter,
        )

    def _make_locked(self, environ: Mapping[str, str]) -> LockedStarts | None:
        settings = self._house.settings
        environments = environments_of(settings, environ)
        if environments is None:
            return None
        return LockedStarts(
            environments,
            settings.dags_lock_file,
            self._house.clock,
            start=lambda job, log: self.supervisor.launch(job, log),
            on_outcome=self._take,
        )

    def _make_values(self) -> LargeValues | None:
        payloads = open_payloads(self._house.settings)
        if payloads is None:
            return None
        # Not imported above: it loads fsspec, which few need.
        module: Any = import_module("scheduler.cli.parts.large_values")
        values: LargeValues = module.LargeValues(
            payloads, traced_answer_of(self._house), lambda outcome: self.worker.finished(outcome)
        )
        return values

    def _take(self, outcome: Outcome) -> None:
        """Take the outcome of an attempt, with what it hands on."""
        (self.worker if self._values is None else self._values).finished(outcome)

    def start(self) -> None:
        """Begin to claim."""
        self.supervisor.start()
        self._logs.start()
        self.worker.start()
        if self._waiter is not None:
            self._waiter.start()
        if self._trier is not None:
            self._trier.start()
        self._doorbells.start()

    def close(self) -> None:
        """Let what runs end by itself, stop the rest, end the children; only then hand back what had not stopped."""
        if self._trier is not None:
            self._trier.close()
        self.worker.drain()
        self._doorbells.stop()
        self.worker.close()
        if self._waiter is not None:
            self._waiter.close()
        if self._locked is not None:
            self._locked.close()
        self.supervisor.close()
        if self._values is not None:
            self._values.close()
        self.worker.leave()
        self._logs.close()

    def watch(self) -> None:
        """Replace a consumer of tickets that hangs; to be called now and then."""
        self._doorbells.watch(self._house.clock.monotonic())


class WorkerServer:
    """A worker of a distributed set-up; whoever gives it the doorbells has them call `ring`."""

    def __init__(
        self,
        house: House,
        celery: CeleryApp,
        doorbells: Doorbells,
        *,
        queues: Collection[str],
        slots: Span,
        environ: Mapping[str, str],
        has_waiter: bool = True,
    ) -> None:
        self._publish = CeleryPublish(celery, house.vitals)
        self._side = WorkerSide(
            house,
            self._publish,
            doorbells,
            worker_id=f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}",
            queues=queues,
            slots=slots,
            environ=environ,
            copies_logs=True,
            successors=hand_on_apart(house.graphs),
            has_waiter=has_waiter,
        )

    def ring(self, queue: str) -> None:
        """Take a ticket."""
        self._side.worker.ring(queue)

    def start(self) -> None:
        """Begin to claim."""
        self._side.start()

    def watch(self) -> None:
        """Look after what may hang; to be called now and then."""
        self._side.watch()

    def close(self) -> None:
        """Hand back what runs and stop."""
        self._side.close()
        self._publish.close()


def make_worker(
    house: House,
    environ: Mapping[str, str],
    *,
    queues: Collection[str],
    slots: Span,
    has_waiter: bool = True,
) -> WorkerServer:
    """Build a worker that hears tickets by itself. Raises BrokerUnavailable."""
    celery = create_celery(house.settings)
    check_broker(celery)
    doorbells = Doorbells(celery, queues, lambda queue: server.ring(queue))
    server = WorkerServer(
        house, celery, doorbells, queues=queues, slots=slots, environ=environ, has_waiter=has_waiter
    )
    return server
