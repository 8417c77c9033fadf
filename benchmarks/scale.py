"""What a tick and a page cost as things grow: `python -m benchmarks scale`, on SQLite and on a PostgreSQL of its own.

A tick is what the leader does when one task has ended and one other may run: start runs, plan, queue, read the
agenda. The DAG whose task it is has 100 tasks or 10,000 in a row. Beside it there is nothing; or 10,000 DAGs and
1,000,000 finished task instances; or these and 5,000 queued runs, which wait for `max_active_runs`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.crowd import Crowd, load
from benchmarks.figures import Figure, show
from benchmarks.services import DurablePostgres
from scheduler.clock import SystemClock
from scheduler.operations.history import Policy, Pruner
from scheduler.store.engine import Database
from scheduler.store.migrate import upgrade
from scheduler.store.tables import dag_run
from scheduler.wire import DagSpec
from tests.loop.engine import Engine, spec, task
from tests.loop.leader import Leader, lead
from tests.services.postgres import database
from tests.webui.conftest import Browser, build, sign_in

CLOCK = SystemClock()
STEPS = 60
CROWD = Crowd()
#: Of these nothing is kept: statements are prepared, caches are filled.
WARM_UP = 20
QUEUED = 5_000
PAGES = (
    *(
        "/",
        "/dags",
        "/dags?state=failing",
        "/dags?q=crowd-77",
        "/runs",
        "/runs?state=failed",
        "/runs?state=queued",
    ),
    *("/dags/crowd-1", "/dags/crowd-1/runs", "/runs?q=crowd-77", "/dags/long"),
)


def scale(settings: dict[str, str], runs: int) -> None:
    """Ticks, sweeps and pages, as DAGs and history grow."""
    with tempfile.TemporaryDirectory(prefix="dirigent-bench-scale-") as folder:
        _measure("SQLite", [f"sqlite:///{Path(folder) / name}.db" for name in ("small", "large", "old")])
    with tempfile.TemporaryDirectory(prefix="dirigent-bench-scale-") as folder, ExitStack() as parts:
        Path(folder).chmod(0o711)
        server = parts.enter_context(DurablePostgres(Path(folder) / "postgres"))
        _measure("PostgreSQL", [parts.enter_context(database(server.url)) for _ in range(3)])


def _measure(name: str, urls: Sequence[str], crowd: Crowd = CROWD) -> None:
    with ExitStack() as scenes:
        small, large, old = (scenes.enter_context(_scene(url)) for url in urls)
        began_s = time.monotonic()
        load(old.engine.db, crowd, old.engine.now)
        print(f"{crowd.task_count:,} tasks loaded in {time.monotonic() - began_s:.0f} s", flush=True)
        history = f"{crowd.task_count:,} tasks of history"
        _compare(
            {
                f"{name}: tick, DAG of 100 tasks": small.row(100),
                f"{name}: the same, DAG of 10,000": large.row(10_000),
                f"{name}: the same, {history}": old.row(100),
            }
        )
        old.queue_up(QUEUED)
        _compare(
            {
                f"{name}: tick, DAG of 100 tasks": small.row(100),
                f"{name}: the same, and {QUEUED:,} queued runs": old.row(100),
            }
        )
        show(Figure(f"{name}: sweep of all duties", [old.sweep() for _ in range(5)], "ms"))
        old.pages(name)
        show(Figure(f"{name}: prune, a transaction of 25 runs", old.prune(), "ms"))


def _compare(rows: Mapping[str, Generator[float, None, None]]) -> None:
    """Measure in turn, so that whatever else the machine does falls on all alike; print each beside the first."""
    for _ in range(WARM_UP):
        for row in rows.values():
            next(row)
    values: dict[str, list[float]] = {name: [] for name in rows}
    for _ in range(STEPS):
        for name, row in rows.items():
            values[name].append(next(row))
    first, *_ = values.values()
    for name, found in values.items():
        show(Figure(name, found, "ms"))
        times = statistics.median(each / base for each, base in zip(found, first, strict=True))
        print(f"{'':44} {times:9.2f} times the first", flush=True)
    for row in rows.values():
        row.close()


class Scene:
    """One database with a leader and a worker, driven step by step."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.engine = Engine(db, now=CLOCK.now())
        self.engine.worker(slots=8)
        self._folder = folder
        self._leader: Leader | None = None
        self._number = 0

    @property
    def leader(self) -> Leader:
        """The leader, with what it knows of graphs."""
        if self._leader is None:
            self._leader = lead(self.engine, self._folder)
        return self._leader

    def row(self, size: int) -> Generator[float, None, None]:
        """Run the tasks of a DAG of so many in a row, one at each step; give what the tick after each took, in ms."""
        self._number += 1
        run = self._start(_row(f"long{self._number}", size))
        try:
            while True:
                [claim] = self.engine.claim()
                self.engine.report(claim)
                yield _timed(lambda: self.leader.service.tick(self.engine.now))
        finally:
            self._end(run)

    def _start(self, dag: DagSpec) -> int:
        self.engine.define(dag)
        run = self.engine.trigger(dag.dag_id, logical_date=self.engine.now)
        self.leader.tick()
        return run

    def _end(self, run: int) -> None:
        with self.engine.db.write() as session:
            values = {"state": "failed", "end_date": self.engine.now, "needs_planning": False}
            session.execute(dag_run.update().where(dag_run.c.id == run).values(values))
            session.exec_driver_sql(f"DELETE FROM attempt WHERE run_pk = {run} AND state = 'queued'")
            session.exec_driver_sql(f"DELETE FROM task_instance WHERE run_pk = {run} AND state <> 'success'")

    def queue_up(self, count: int) -> None:
        """Have many runs of one DAG wait for one that runs."""
        self.engine.define(spec(task("only", queue="nobody"), dag_id="long", max_active_runs=1))
        for number in range(count):
            self.engine.trigger("long", logical_date=self.engine.now + timedelta(minutes=number))
        self.leader.tick()

    def sweep(self) -> float:
        """Do every duty once."""
        return _timed(self.leader.tick)

    def prune(self) -> list[float]:
        """Delete old runs; return what each transaction took, in which nobody else could write to SQLite."""
        ends = [time.perf_counter()]
        values: list[float] = []

        def rest(seconds: float) -> bool:
            values.append((time.perf_counter() - ends[-1]) * 1000)
            time.sleep(seconds)
            ends.append(time.perf_counter())
            return len(values) > STEPS

        Pruner(self.engine.db, Policy(days=30), None, rest).prune(self.engine.now)
        return values[1:]

    def pages(self, name: str) -> None:
        """Ask for each page a few times."""
        app = build(self.engine.db, Standing(self.engine))  # type: ignore[arg-type]
        person = sign_in(app, self.engine.db, self.engine.now)
        for address in PAGES:
            show(Figure(f"{name}: page {address}", [_visit(person, address) for _ in range(5)], "ms"))


class Standing:
    """A clock that stands where the engine does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        """Return the engine's instant."""
        return self._engine.now

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()

    def pass_time(self, **parts: float) -> None:
        """Let time pass."""
        self._engine.wait(**parts)


def _visit(person: Browser, address: str) -> float:
    def visit() -> None:
        answer = person.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status}\n{answer.text[-2000:]}"

    return _timed(visit)


def _timed(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1000


def _row(dag_id: str, size: int) -> DagSpec:
    return spec(*(task(f"t{at}", *([f"t{at - 1}"] if at else [])) for at in range(size)), dag_id=dag_id)


@contextmanager
def _scene(url: str) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="dirigent-bench-scale-") as folder:
        db = Database(url)
        upgrade(db)
        yield Scene(db, Path(folder))
        db.close()
