"""One installation under fire: private services, servers by name, and what can be done to them.

Servers are processes of their own, each with a home folder of its own as if on a host of its own; they are started,
frozen and killed by process id. Nothing else on the machine is touched.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from threading import Event
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from scheduler.clock import SystemClock
from scheduler.operations.pools import set_pool
from scheduler.store.tables import attempt, dag_run, leader, task_instance, worker
from scheduler.wire import Json
from tests.chaos.case import Asked, Case
from tests.chaos.disk import Disk
from tests.chaos.history import read_history
from tests.chaos.ledger import Reader, read_ledger
from tests.chaos.proxy import Proxy
from tests.chaos.tickets import Tickets
from tests.chaos.trial import Trial
from tests.chaos.workload import NARROW, POOL, Limits, field
from tests.integration.processes import Process
from tests.integration.project import Project, project
from tests.integration.waiting import eventually
from tests.services import KINDS, Server, postgres, shared
from tests.services.pgbouncer import PgBouncer

SECRET = "c" * 44
#: The kind of broker that lives in the one server.
EMBEDDED = "inproc"
_EVERY_S = 0.25


class Postgres(postgres.Postgres):
    """One that keeps what it has committed when its process is killed."""

    settings: ClassVar[Mapping[str, str]] = postgres.SETTINGS | {"synchronous_commit": "on"}


class Services(NamedTuple):
    """What servers share. Neither is there where one server does it all: then no fault asks for them."""

    database: Any = None
    broker: Any = None


class Arena:
    """The services are up; schedulers and workers are started by the scenario."""

    def __init__(self, made: Project, services: Services, mounts: ExitStack, rng: Random) -> None:
        self.project = made
        self.database = services.database
        self.broker = services.broker
        self.rng = rng
        self.servers: dict[str, Process] = {}
        self.links: dict[str, Proxy] = {}
        self.disks: dict[str, Disk] = {}
        self._mounts = mounts
        self._lines: dict[str, Callable[[], Process]] = {}
        self._numbers = count()
        #: Runs that were acknowledged when they were triggered.
        self.acknowledged: list[str] = []
        #: What else people were told is done.
        self.asked: list[Asked] = []
        self._pause = Event()
        self.trial = Trial(made, Reader(self.ledger))

    # --- what runs ------------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Path:
        """Where tasks tell of their lives."""
        return self.project.folder / "ledger"

    def say(self, text: str) -> None:
        """Tell whoever watches."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def scheduler(self, name: str = "scheduler-1", **how: Any) -> Process:
        """Start a scheduler under a name; started again, it is started the same way (`_launch`)."""
        return self._launch(name, ("scheduler",), **how)

    def worker(self, name: str, *, slots: int = 2, **how: Any) -> Process:
        """Start a worker under a name."""
        return self._launch(name, ("worker", "--slots", str(slots)), **how)

    def embedded(self) -> Process:
        """Start the server that does it all, by the name of its home folder."""
        return self._launch(self.project.home.name, ("up",))

    def _launch(
        self,
        name: str,
        words: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> Process:
        given = {**(environ or {}), "DIRIGENT_HOME": str(self.project.folder / name)}
        self._lines[name] = partial(self.project.launch, *words, before=before, **given)
        return self.again(name)

    def until_dead(self, name: str, within: float) -> bool:
        """Wait until a server has ended by itself; return whether it did."""
        deadline = time.monotonic() + within
        while self.servers[name].is_running and time.monotonic() < deadline:
            self._pause.wait(_EVERY_S)
        return not self.servers[name].is_running

    def until_running_on(self, name: str) -> None:
        """Wait until some attempt runs on a worker."""
        mine = sa.select(attempt.c.id).join(worker, worker.c.id == attempt.c.worker_id)
        query = mine.where(worker.c.pid == self.servers[name].pid, attempt.c.state == "running")
        eventually(lambda: self.rows(query), told=self.project.told)

    def until_leads(self, name: str) -> None:
        """Wait until a scheduler leads."""
        mine = f":{self.servers[name].pid}:"
        eventually(
            lambda: [row for row in self.rows(sa.select(leader.c.holder)) if mine in row.holder],
            told=self.project.told,
        )

    def until_up_or_dead(self, name: str) -> None:
        """Wait until a server says that it is up, or has ended before it could."""
        server = self.servers[name]
        eventually(
            lambda: " is up" in server.output or not server.is_running, within=60, told=lambda: server.output
        )

    def until_up(self, *names: str) -> None:
        """Wait until servers say that they are up; all of them unless some are named."""
        for name in names or tuple(self.servers):
            self.servers[name].wait_for(" is up")

    def link(self, name: str, server: Server) -> str:
        """Put a network link between a server-to-be and a service; return the service's address by way of it."""
        proxy = self._mounts.enter_context(Proxy(server.port))
        self.links[name] = proxy
        return make_url(server.url).set(port=proxy.port).render_as_string(hide_password=False)

    def sow(self, *, layers: int, width: int, limits: Limits = NARROW) -> None:
        """Write the DAG `field`, and make its pool once there is a database."""
        self.project.write("field.py", field(self.ledger, layers, width, limits))
        now = SystemClock().now()
        eventually(lambda: self.project.record.dag("field"), within=60, told=self.project.told)
        self.project.db.transact(
            lambda session: set_pool(session, now, POOL, limits.pool_slots, actor="chaos")
        )

    def reap(self, runs: int, seconds: float, *, stubborn: bool = False, fails_first: bool = False) -> None:
        """Trigger runs of `field`: how long tasks take, whether they ignore SIGTERM, or fail at their first try."""
        self.trigger("field", runs, {"seconds": seconds, "stubborn": stubborn, "fails_first": fails_first})

    def trigger(self, dag_id: str, runs: int, conf: dict[str, Json] | None = None) -> None:
        """Trigger runs of a DAG."""
        for _ in range(runs):
            made = self.project.trigger(dag_id, conf, run_id=f"{dag_id}-{next(self._numbers)}")
            self.acknowledged.append(made.run_id)

    def mount(self, name: str, megabytes: int) -> Disk:
        """Give a server-to-be a small disk for its home folder."""
        self.disks[name] = self._mounts.enter_context(Disk(self.project.folder / name, megabytes))
        return self.disks[name]

    def web(self, name: str = "web-1") -> Process:
        """Start a page under a name."""
        return self._launch(name, ("web",))

    # --- what is done to it ---------------------------------------------------------------------------------------

    def act(self, name: str, target: str) -> None:
        """Carry out one fault of a plan."""
        getattr(self, name.replace(" ", "_"))(target)

    def kill(self, name: str) -> None:
        """Kill a server and start it again under the same name."""
        self.bury(name)
        self.again(name)

    def again(self, name: str) -> Process:
        """Start a server the way it was started before."""
        self.servers[name] = self._lines[name]()
        return self.servers[name]

    def bury(self, name: str) -> None:
        """Kill a server for good."""
        self.servers[name].kill()

    def relieve(self, name: str) -> None:
        """Start a successor, then stop the server in order, as a rolling deploy does; it must end well.

        One that has not come up, as the database was away when it was started, has ended by itself.
        """
        self.thaw(name)
        old = self.servers[name]
        if not old.is_running:
            assert " is up" not in old.output, f"{name} ended by itself:\n{old.output[-4000:]}"
            assert "cannot be used" in old.output, f"{name} did not start:\n{old.output[-4000:]}"
            self.again(name)
            return
        self.again(name)
        self.until_up_or_dead(name)
        assert self.servers[name].is_running, f"{name} did not start:\n{self.servers[name].output[-4000:]}"
        code = old.stop(signal.SIGTERM)
        assert code == 0, f"{name} ended with {code}:\n{old.output[-4000:]}"

    def freeze(self, name: str) -> None:
        """Stop the process of a server, and not its children, as a debugger would."""
        self.servers[name].send(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on."""
        self.servers[name].send(signal.SIGCONT)

    def silence(self, link: str) -> None:
        """Let nothing through a link."""
        self.links[link].silence()

    def cut(self, link: str) -> None:
        """Close what goes through a link, and refuse more."""
        self.links[link].cut()

    def mend(self, link: str) -> None:
        """Let a link pass everything again."""
        self.links[link].mend()

    def fill(self, disk: str) -> None:
        """Leave no byte free on a disk."""
        self.disks[disk].fill()

    def free(self, disk: str) -> None:
        """Give the space back."""
        self.disks[disk].free()

    def empty_broker(self, _: str = "") -> None:
        """Throw away every ticket that waits."""
        Tickets(self.broker.url).empty()

    def restart_broker(self, _: str = "") -> None:
        """Stop the broker in order and start it again."""
        self.broker.stop()
        self.broker.start()

    def restart_database(self, _: str = "") -> None:
        """Stop the database in order and start it again."""
        self.database.stop()
        self.database.start()

    def crash_database(self, _: str = "") -> None:
        """Kill the database and start it again; it recovers from its log."""
        self.database.kill()
        self.database.start()

    def let_go(self) -> None:
        """Undo what would keep servers from stopping."""
        for name in self.servers:
            self.thaw(name)
        for link in self.links:
            self.mend(link)

    # --- what came of it ------------------------------------------------------------------------------------------

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        """Return rows; none while the database is away."""
        return list(self.project.record.rows(query))

    def ended(self) -> bool:
        """Whether every run is finished."""
        states = [row.state for row in self.rows(sa.select(dag_run.c.state))]
        return bool(states) and not {"queued", "running"} & set(states)

    def progress(self) -> str:
        """Return how many tasks are in which state."""
        query = sa.select(task_instance.c.state, sa.func.count()).group_by(task_instance.c.state)
        return ", ".join(f"{number} {state}" for state, number in sorted(self.rows(query)))

    def finish(self, within: float) -> None:
        """Wait until every run is finished; fail with what is left where they take longer."""
        deadline = time.monotonic() + within
        while not self.ended():
            if time.monotonic() > deadline:
                raise AssertionError(f"not finished within {within:g} s: {self.progress()}")
            self._pause.wait(_EVERY_S)

    def case(self, **terms: Any) -> Case:
        """Return what there is to judge, on these terms (`Case`)."""
        origin_s = SystemClock().now().timestamp() - time.monotonic()
        entries = read_ledger(
            self.ledger
        )  # first: what is told while the history is read would be unknown to it
        return Case(read_history(self.project.db), entries, origin_s, **terms)

    def open_trial(self, **terms: Any) -> Trial:
        """Judge on these terms (`Case`) from now on."""
        self.trial = Trial(self.project, Reader(self.ledger), **terms)
        return self.trial


def _pool(database: Server) -> PgBouncer:
    """Prepare a pool of connections before a database."""
    pool = PgBouncer(shared.new_folder("pgbouncer"))
    pool.serve(database.url)
    return pool


def _start(parts: ExitStack, kind: str) -> Services:
    database = parts.enter_context(Postgres(shared.new_folder("postgres")))
    return Services(database, parts.enter_context(KINDS[kind](shared.new_folder(kind))))


def _addresses(parts: ExitStack, services: Services, *, pooled: bool) -> dict[str, str]:
    """Return the settings that lead to the services; none where one server does it all, on SQLite."""
    if services.database is None:
        return {}
    url = parts.enter_context(_pool(services.database)).url if pooled else services.database.url
    return {"database_url": url, "broker_url": services.broker.url, "secret_key": SECRET}


@contextmanager
def arena(folder: Path, kind: str, rng: Random, *, pooled: bool, **settings: str) -> Iterator[Arena]:
    """Start the services for one scenario; everything ends with the block."""
    with ExitStack() as parts:
        services = Services() if kind == EMBEDDED else _start(parts, kind)
        mounts = parts.enter_context(ExitStack())
        made = parts.enter_context(project(folder, **_addresses(parts, services, pooled=pooled), **settings))
        built = Arena(made, services, mounts, rng)
        parts.callback(built.let_go)
        yield built
