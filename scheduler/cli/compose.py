"""The composition root: builds the parts of a server and joins them. Starting and stopping stand here in one order."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from scheduler.cli.answers import Answers
from scheduler.cli.archives import open_archive
from scheduler.cli.corrected_clock import CorrectedClock
from scheduler.cli.orphan_logs import OrphanLogs
from scheduler.cli.version import own_version
from scheduler.cli.worker_logs import WorkerLogs
from scheduler.clock import Clock, SystemClock
from scheduler.config import Settings, default_slots
from scheduler.dispatch.doorbells import Doorbells
from scheduler.dispatch.successors import Successors
from scheduler.dispatch.tickets import CeleryPublish, check_broker, create_celery
from scheduler.dispatch.worker import Worker
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.loop.admitting import AdmitTasks
from scheduler.loop.creating import CreateDueRuns
from scheduler.loop.duties import (
    NamedDuty,
    RescueLost,
    RingAgain,
    StartRuns,
    TimeOutRuns,
    Together,
    give_way,
    wake_runs,
)
from scheduler.loop.effects import Effects
from scheduler.loop.handing_on import HandOn
from scheduler.loop.planning import PlanRuns
from scheduler.loop.pruning import Prune
from scheduler.loop.service import Service
from scheduler.parsing.folder import DagFolder
from scheduler.parsing.materialize import materialize
from scheduler.parsing.register import Policy
from scheduler.runtime.supervisor.environment import secrets_passed_on
from scheduler.runtime.supervisor.limits import Limits
from scheduler.runtime.supervisor.supervisor import Supervisor
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey, load_secret_key
from scheduler.store.engine import Database
from scheduler.store.graph_cache import GraphCache
from scheduler.store.leases import expire_worker
from scheduler.store.migrate import upgrade
from scheduler.wire import Job, Outcome

if TYPE_CHECKING:
    from scheduler.cli.notifier import Notifier


@dataclass(frozen=True, slots=True)
class House:
    """What every server needs: settings, an open database that is up to date, the secret, a clock."""

    settings: Settings
    db: Database
    secret: SecretKey
    clock: CorrectedClock
    graphs: GraphCache = field(default_factory=GraphCache)

    def check_clock(self) -> None:
        """Set the clock right by the database's; to be called now and then. One process alone may go by its own."""
        if not self.settings.is_embedded:
            self.clock.compare(self.db)

    @property
    def log_folder(self) -> Path:
        """Where logs of this host lie."""
        return self.settings.home / "logs"


def open_house(settings: Settings, clock: Clock | None = None) -> House:
    """Open the database, brought up to date and watched for what others write, and read the secret.

    The secret is made at the first start of an embedded server; several processes must be given theirs.
    Raises DatabaseUnavailable, NewerDatabase, BadSetting.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = settings.secret_key.get_secret_value() if settings.secret_key else None
    secret = load_secret_key(settings.home, given, may_create=settings.is_embedded)
    db = Database(settings.database_url, synchronous=settings.sqlite_synchronous)
    upgrade(db)
    db.watch()
    house = House(settings, db, secret, CorrectedClock(clock or SystemClock()))
    house.check_clock()
    return house


class Launcher:
    """Opens the log of an attempt and hands both to the supervisor (dispatch.hands.Launcher)."""

    def __init__(self, logs: WorkerLogs, supervisor: Supervisor) -> None:
        self._logs = logs
        self._supervisor = supervisor

    def launch(self, job: Job) -> None:
        """Start an attempt; its outcome arrives at the worker."""
        self._supervisor.launch(job, self._logs.open(job))

    def stop(self, attempt_id: int, reason: str, within_s: float | None = None) -> None:
        """Stop an attempt; its outcome still arrives."""
        self._supervisor.stop(attempt_id, reason, within_s)

    def hold(self, until: float) -> None:
        """Let attempts live until an instant of the monotonic clock, and no longer unless it is put off again."""
        self._supervisor.hold(until)

    def warm(self, code_root: Path, file: str) -> None:
        """Import a DAG file before an attempt of it is asked for."""
        self._supervisor.warm(str(code_root), file)


def limits_of(settings: Settings) -> Limits:
    """Return what the settings say about the resources of attempts."""
    megabytes = settings.attempt_memory_mb
    return Limits(memory_bytes=megabytes * 1024 * 1024 if megabytes else None)


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
        slots: int,
        environ: Mapping[str, str],
        copies_logs: bool,
        successors: Successors | None = None,
    ) -> None:
        settings, hostname = house.settings, socket.gethostname()
        self._house = house
        self._doorbells = doorbells
        self._logs = WorkerLogs(
            house.db,
            house.log_folder,
            house.clock,
            settings,
            is_copied=copies_logs,
            archive=open_archive(settings),
            secrets=secrets_passed_on(environ, settings.pass_environ),
            live=lambda: self.supervisor.live,
        )
        self.supervisor = Supervisor(
            on_outcome=lambda outcome: self.worker.finished(outcome),
            answer=Answers(house.db, FernetCipher(house.secret), house.clock),
            clock=house.clock,
            environ=environ,
            pass_on=house.settings.pass_environ,
            limits=limits_of(settings),
            name=hostname,
        )
        plan = WorkerPlan(
            worker_id=worker_id,
            hostname=hostname,
            pid=os.getpid(),
            queues=frozenset(queues),
            slots=slots,
            lease_s=settings.lease_s,
            heartbeat_s=settings.heartbeat_s,
            version=own_version(),
            drain_s=0.0 if settings.is_embedded else settings.drain_s,
        )
        self.worker = Worker(
            house.db,
            plan,
            clock=house.clock,
            graphs=house.graphs,
            launcher=Launcher(self._logs, self.supervisor),
            bell=doorbells,
            publish=publish,
            code_root=lambda session, snapshot_id: materialize(session, snapshot_id, settings.home),
            successors=successors,
        )

    def start(self) -> None:
        """Begin to claim."""
        self.supervisor.start()
        self._logs.start()
        self.worker.start()
        self._doorbells.start()

    def close(self) -> None:
        """Let what runs end by itself, stop the rest, end the children; only then hand back what had not stopped."""
        self.worker.drain()
        self._doorbells.stop()
        self.worker.close()
        self.supervisor.close()
        self.worker.leave()
        self._logs.close()

    def watch(self) -> None:
        """Replace a consumer of tickets that hangs; to be called now and then."""
        self._doorbells.watch(self._house.clock.monotonic())


def duties_of(house: House, effects: Effects) -> tuple[NamedDuty, ...]:
    """Return the table of duties, in the order in which a tick does them."""
    graphs = house.graphs
    advance = Together((StartRuns(graphs), PlanRuns(graphs, effects), AdmitTasks(graphs, effects)))
    return (
        NamedDuty("create due runs", CreateDueRuns(graphs), 50),
        NamedDuty("wake runs", wake_runs, 50),
        NamedDuty("advance runs", advance, 50, on_wake=True),
        NamedDuty("rescue lost attempts", RescueLost(graphs), 100),
        NamedDuty("time out runs", TimeOutRuns(graphs, effects), 50),
        NamedDuty("give way", give_way, 50, on_time=False),
        NamedDuty("ring again", RingAgain(effects), 100),
        NamedDuty("prune", Prune(house.settings.log_retention_days), 100, on_time=False),
    )


def make_service(
    house: House, publish: CeleryPublish, *, on_lead: Callable[[], None], on_yield: Callable[[], None]
) -> Service:
    """Build the scheduler service."""
    effects = Effects(len(house.settings.notify_on_failure))
    return Service(
        house.db,
        duties_of(house, effects),
        effects,
        publish=publish,
        clock=house.clock,
        holder=f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}",
        on_lead=on_lead,
        on_yield=on_yield,
    )


def make_notifier(house: House) -> Notifier | None:
    """Build the sender of messages, where somebody is to be told. Apprise takes a third of a second to load."""
    addresses = house.settings.notify_on_failure
    if not addresses:
        return None
    module = import_module("scheduler.cli.notifier")
    notifier: Notifier = module.Notifier(house.db, house.clock, addresses, house.settings.page_url)
    return notifier


def make_folder(house: House, parser: Supervisor) -> DagFolder:
    """Build the service that reads the DAG folder."""
    settings = house.settings
    return DagFolder(
        db=house.db,
        parser=parser,
        root=settings.dags_folder,
        home=settings.home,
        clock=house.clock,
        policy=Policy(is_paused=settings.dags_are_paused_at_creation),
        timeout_s=settings.parse_timeout_s,
        memory_bytes=settings.parse_memory_mb * 1024 * 1024,
    )


class SchedulerSide:
    """The loop, and the DAG folder while this process leads."""

    def __init__(self, house: House, publish: CeleryPublish, parser: Supervisor) -> None:
        self._house = house
        self._parser = parser
        self._folder: DagFolder | None = None
        self._service = make_service(house, publish, on_lead=self._open_folder, on_yield=self._close_folder)
        self._notifier = make_notifier(house)
        archive = open_archive(house.settings)
        self._orphans = OrphanLogs(house.db, house.clock, archive) if archive else None

    @property
    def leads(self) -> bool:
        """Whether this process is the one that plans."""
        return self._service.leads

    def start(self) -> None:
        """Begin to stand for the lead."""
        self._service.start()
        if self._notifier is not None:
            self._notifier.start()
        if self._orphans is not None:
            self._orphans.start()

    def close(self) -> None:
        """Stop, and let another lead."""
        self._service.close()
        self._close_folder()
        if self._notifier is not None:
            self._notifier.close()
        if self._orphans is not None:
            self._orphans.close()

    def _open_folder(self) -> None:
        self._folder = make_folder(self._house, self._parser)
        self._folder.start()

    def _close_folder(self) -> None:
        if self._folder is not None:
            self._folder.close()
            self._folder = None


class EmbeddedServer:
    """Scheduler, worker and parser in one process, over the in-process broker. The page is added by the command."""

    def __init__(self, house: House, environ: Mapping[str, str]) -> None:
        self._house = house
        # The same at each start on this home, so that a restart knows which attempts it has lost.
        self._worker_id = f"up:{socket.gethostname()}:{house.settings.home}"
        celery = create_celery(house.settings)
        self._publish = CeleryPublish(celery)
        self._doorbells = Doorbells(celery, ["default"], lambda queue: self._side.worker.ring(queue))
        self._side = WorkerSide(
            house,
            self._publish,
            self._doorbells,
            worker_id=self._worker_id,
            queues=["default"],
            slots=house.settings.parallelism or default_slots(),
            environ=environ,
            copies_logs=False,
            successors=HandOn(
                house.graphs,
                lambda: self._scheduler.leads,
                recipient_count=len(house.settings.notify_on_failure),
            ),
        )
        self._scheduler = SchedulerSide(house, self._publish, self._side.supervisor)
        self._parts = ExitStack()

    def start(self) -> None:
        """Start; what the server before this one left running is dead, as the home folder's lock is ours."""
        self._house.db.transact(lambda session: expire_worker(session, self._worker_id))
        self._parts.callback(self._publish.close)
        self._side.start()
        self._parts.callback(self._side.close)
        self._scheduler.start()
        self._parts.callback(self._scheduler.close)

    def watch(self) -> None:
        """Look after what may hang; to be called now and then."""
        self._side.watch()

    def close(self) -> None:
        """Stop in the opposite order."""
        self._parts.close()


class SchedulerServer:
    """A scheduler of a distributed set-up, with a supervisor of its own for parsing."""

    def __init__(self, house: House, environ: Mapping[str, str]) -> None:
        celery = create_celery(house.settings)
        check_broker(celery)
        self._publish = CeleryPublish(celery)
        self._supervisor = Supervisor(
            on_outcome=_expect_no_outcome,
            answer=Answers(house.db, FernetCipher(house.secret), house.clock),
            clock=house.clock,
            environ=environ,
            pass_on=house.settings.pass_environ,
        )
        self._side = SchedulerSide(house, self._publish, self._supervisor)

    def start(self) -> None:
        """Begin to stand for the lead."""
        self._supervisor.start()
        self._side.start()

    def close(self) -> None:
        """Give the lead up and stop."""
        self._side.close()
        self._supervisor.close()
        self._publish.close()


def _expect_no_outcome(outcome: Outcome) -> None:
    raise AssertionError(f"a scheduler launches no attempts, yet {outcome.attempt_id} ended")


class WorkerServer:
    """A worker of a distributed set-up."""

    def __init__(
        self, house: House, environ: Mapping[str, str], *, queues: Collection[str], slots: int
    ) -> None:
        celery = create_celery(house.settings)
        check_broker(celery)
        self._publish = CeleryPublish(celery)
        doorbells = Doorbells(celery, queues, lambda queue: self._side.worker.ring(queue))
        self._side = WorkerSide(
            house,
            self._publish,
            doorbells,
            worker_id=f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}",
            queues=queues,
            slots=slots,
            environ=environ,
            copies_logs=True,
        )

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
