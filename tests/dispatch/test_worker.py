"""The worker's own thread, on a real database, with a launcher that notes what it is given."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import pytest
import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.core.scaling import Span
from scheduler.dispatch.worker import Worker
from scheduler.dispatch.worker_plan import WorkerPlan
from scheduler.errors import Conflict, DatabaseUnavailable
from scheduler.store import Database
from scheduler.store.graph_cache import GraphCache
from scheduler.store.tables import attempt, dag_version, event
from scheduler.store.workers import live_workers
from scheduler.wire import WIRE_VERSION, Job, Outcome
from tests.integration.waiting import eventually
from tests.loop.engine import Engine, spec, task


class Bell:
    """Hears nothing: no ticket comes."""

    def pause(self):
        pass

    def resume(self):
        pass

    def watch(self, now):
        return False

    def ring(self, queues):
        pass


class Launcher:
    """Launches nothing, and tells what it was to launch."""

    def __init__(self):
        self.jobs: SimpleQueue[Job] = SimpleQueue()
        self.stopped: SimpleQueue[tuple[int, str, float | None]] = SimpleQueue()
        self.held: SimpleQueue[float] = SimpleQueue()
        self.faults: SimpleQueue[Exception] = SimpleQueue()

    def launch(self, job):
        if not self.faults.empty():
            raise self.faults.get()
        self.jobs.put(job)

    def stop(self, attempt_id, reason, within_s=None):
        self.stopped.put((attempt_id, reason, within_s))

    def hold(self, until):
        self.held.put(until)

    def warm(self, code_root, file):
        pass


@pytest.fixture
def launcher() -> Launcher:
    return Launcher()


PLAN = WorkerPlan(
    worker_id="w1",
    hostname="w1",
    pid=1,
    queues=frozenset(["default"]),
    slots=2,
    lease_s=30,
    heartbeat_s=10,
)


class Mute(Database):
    """A database that once, when it is told to, loses the answer to a commit, or refuses to work."""

    loses_answer = False
    refuses = False

    def transact(self, work):
        if self.refuses:
            self.refuses = False
            raise ValueError("what cannot be")
        done = super().transact(work)
        if self.loses_answer and done:
            self.loses_answer = False
            raise DatabaseUnavailable("the connection was lost")
        return done


@pytest.fixture
def db(migrated_sqlite_db):
    """The worker's own connection to the database."""
    db = Mute(migrated_sqlite_db.url.render_as_string())
    yield db
    db.close()


@pytest.fixture(params=[PLAN])
def worker(request, db, launcher):
    made = Worker(
        db,
        request.param,
        clock=SystemClock(),
        graphs=GraphCache(),
        launcher=launcher,
        bell=Bell(),
        publish=Bell(),
        code_root=lambda session, snapshot_id: Path("/nowhere"),
    )
    made.start()
    yield made
    made.close()
    made.leave()


def test_work_that_no_ticket_told_of_is_found_by_the_poll(migrated_sqlite_db, worker, launcher):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a")))
    for _ in range(2):  # the second one after the worker has found nothing, perhaps many times
        engine.trigger()
        while engine.advance():
            pass
        job = launcher.jobs.get(timeout=30)
        assert job.task_id == "a"
        worker.finished(Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="success"))


@pytest.mark.parametrize("worker", [replace(PLAN, lease_s=3, heartbeat_s=1)], indirect=True, ids=["brief"])
def test_a_worker_that_cannot_renew_has_its_attempts_dead_before_their_leases_run_out(
    migrated_sqlite_db, worker, launcher
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a")))
    engine.trigger()
    while engine.advance():
        pass
    job = launcher.jobs.get(timeout=30)
    with migrated_sqlite_db.write():  # so that nobody else can write
        attempt_id, reason, within_s = launcher.stopped.get(timeout=30)
    assert (attempt_id, reason) == (job.attempt_id, "this worker lost touch with the database")
    assert within_s < 1
    worker.finished(Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="cancelled"))


@pytest.mark.parametrize(
    "worker", [replace(PLAN, lease_s=1.5, heartbeat_s=0.2)], indirect=True, ids=["brief"]
)
def test_each_renewal_lets_attempts_live_on_but_never_to_the_end_of_their_leases(worker, launcher):
    first, second = (launcher.held.get(timeout=30) for _ in range(2))
    assert first < second < SystemClock().monotonic() + 1.5


@pytest.mark.parametrize("worker", [replace(PLAN, unfit_s=0.3)], indirect=True, ids=["brief"])
def test_what_a_host_cannot_start_goes_back_says_why_and_costs_the_task_nothing(
    migrated_sqlite_db, worker, launcher
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a")))
    for _ in range(2):
        launcher.faults.put(OSError(errno.ENOSPC, "No space left on device"))
    engine.trigger()
    while engine.advance():
        pass
    job = launcher.jobs.get(timeout=30)
    assert (job.epoch, job.try_number) == (3, 1)
    with engine.db.read() as session:
        reasons = session.execute(
            sa.select(event.c.reason).where(event.c.reason != "", event.c.kind == "task.state")
        )
        assert set(reasons.scalars()) == {"worker w1 could not start it: [Errno 28] No space left on device"}


@pytest.mark.parametrize("worker", [replace(PLAN, unfit_s=0.3)], indirect=True, ids=["brief"])
@pytest.mark.parametrize(
    ("table", "newer", "older", "words"),
    [
        (
            dag_version,
            {"graph": '{"dag_id": "orders", "wire_version": 99}'},
            "graph",
            f"in form 99; this one reads up to {WIRE_VERSION}",
        ),
        (attempt, {"kind": "dream"}, "kind", "in form 'dream'; this one reads up to task, "),
    ],
    ids=["graph", "attempt"],
)
def test_what_a_newer_scheduler_wrote_is_left_to_newer_workers_and_costs_the_task_nothing(
    migrated_sqlite_db, worker, launcher, caplog, table, newer, older, words
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a")))
    engine.trigger()
    with engine.db.write() as session:
        while engine.advance_in(session):
            pass
        before = session.scalars(sa.select(table.c[older])).one()
        session.execute(sa.update(table).values(newer))
    eventually(lambda: words in caplog.text)
    assert "was written by a newer Dirigent" in caplog.text
    assert "Upgrade it" in caplog.text
    with engine.db.write() as session:
        session.execute(sa.update(table).values({older: before}))
    assert launcher.jobs.get(timeout=30).try_number == 1


def test_what_a_worker_claimed_without_hearing_of_it_goes_back_at_once(
    migrated_sqlite_db, db, worker, launcher
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a")))
    engine.trigger()
    db.loses_answer = True
    while engine.advance():
        pass
    job = launcher.jobs.get(timeout=30)
    assert (job.epoch, job.try_number) == (2, 1)


def fill(engine, launcher, names="abcd"):
    """Have these tasks queued for two slots; return the run and the first two jobs."""
    engine.define(spec(*(task(name) for name in names)))
    run_pk = engine.trigger()
    while engine.advance():
        pass
    return run_pk, [launcher.jobs.get(timeout=30) for _ in range(2)]


def ended(job):
    return Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="success")


def test_a_full_worker_starts_what_waits_before_it_writes_what_ended(migrated_sqlite_db, worker, launcher):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    run_pk, jobs = fill(engine, launcher)
    found: SimpleQueue[dict[str, str]] = SimpleQueue()

    def note(job):
        found.put(engine.states(run_pk))
        launcher.jobs.put(job)

    launcher.launch = note
    for job in jobs:
        worker.finished(ended(job))
    assert {job.task_id for job in jobs} < {
        key for key, state in found.get(timeout=30).items() if state == "running"
    }
    rest = [launcher.jobs.get(timeout=30) for _ in range(2)]
    eventually(lambda: all(engine.states(run_pk)[job.task_id] == "success" for job in jobs))
    assert {job.epoch for job in rest} == {1}


def test_a_full_worker_that_cannot_start_what_it_claims_claims_nothing_more(
    migrated_sqlite_db, worker, launcher
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    run_pk, jobs = fill(engine, launcher, "abc")
    launcher.faults.put(OSError(errno.ENOSPC, "No space left on device"))
    for job in jobs:
        worker.finished(ended(job))
    eventually(lambda: all(engine.states(run_pk)[job.task_id] == "success" for job in jobs))
    (rest,) = {"a", "b", "c"} - {job.task_id for job in jobs}
    eventually(lambda: (rest, 1, "queued") in engine.attempts(run_pk))
    with engine.db.read() as session:
        assert session.scalars(sa.select(attempt.c.epoch).where(attempt.c.state == "queued")).all() == [1]
    assert launcher.jobs.empty()


@pytest.mark.parametrize(("fault", "epoch"), [("refuses", 1), ("loses_answer", 2)])
def test_a_claim_that_fails_holds_up_no_outcome_and_loses_no_work(
    migrated_sqlite_db, db, worker, launcher, fault, epoch
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    run_pk, jobs = fill(engine, launcher)
    setattr(db, fault, True)
    for job in jobs:
        worker.finished(ended(job))
    rest = [launcher.jobs.get(timeout=30) for _ in range(2)]
    assert max(job.epoch for job in rest) == epoch
    eventually(lambda: all(engine.states(run_pk)[job.task_id] == "success" for job in jobs))


@pytest.mark.parametrize("error", [Conflict("it was stopped"), OSError(errno.ENOSPC, "No space left")])
def test_what_a_worker_that_is_being_stopped_cannot_start_goes_back_and_costs_the_task_nothing(
    migrated_sqlite_db, worker, launcher, error
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a")))
    run_pk = engine.trigger()

    def refuse(job):
        # Of the worker's own thread this only asks it to stop.
        with suppress(RuntimeError):
            worker.close()
        launcher.jobs.put(job)
        raise error

    launcher.launch = refuse
    while engine.advance():
        pass
    launcher.jobs.get(timeout=30)
    worker.close()
    worker.leave()
    assert engine.states(run_pk) == {"a": "queued"}
    assert engine.attempts(run_pk) == [("a", 1, "queued")]


def test_an_attempt_whose_end_cannot_be_recorded_is_left_to_its_lease(
    migrated_sqlite_db, worker, launcher, caplog
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a"), dag_id="bad"))
    bad = engine.trigger("bad")
    with engine.db.write() as session:
        while engine.advance_in(session):
            pass
        session.execute(sa.update(dag_version).values(graph="{"))
    eventually(lambda: "is left to its lease" in caplog.text)
    engine.define(spec(task("b")))
    engine.trigger()
    while engine.advance():
        pass
    assert launcher.jobs.get(timeout=30).task_id == "b"
    with engine.db.read() as session:
        held = sa.select(attempt.c.state, attempt.c.epoch).where(attempt.c.run_pk == bad)
        assert session.execute(held).all() == [("running", 1)]


@pytest.mark.parametrize("worker", [replace(PLAN, slots=1, drain_s=30)], indirect=True, ids=["drains"])
def test_a_worker_that_drains_claims_no_more_and_waits_for_what_runs(migrated_sqlite_db, worker, launcher):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(task("a"), task("b", priority_weight=-1)))
    run_pk = engine.trigger()
    while engine.advance():
        pass
    job = launcher.jobs.get(timeout=30)
    leaving = Thread(target=worker.drain)
    leaving.start()
    worker.finished(Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="success"))
    leaving.join(30)
    assert launcher.stopped.empty()
    assert launcher.jobs.empty()
    assert engine.states(run_pk) == {"a": "success", "b": "queued"}


def slots_of(db: Database) -> int:
    with db.read() as session:
        return live_workers(session)[0].slots


WIDE = replace(PLAN, slots=1, span=Span(floor=1, ceiling=4, idle_s=0.5))


@pytest.mark.parametrize("worker", [WIDE], indirect=True, ids=["autoscales"])
def test_a_worker_grows_with_what_waits_up_to_its_ceiling_and_falls_to_its_floor_when_idle(
    migrated_sqlite_db, worker, launcher
):
    engine = Engine(migrated_sqlite_db, now=SystemClock().now())
    engine.define(spec(*(task(f"t{number}") for number in range(6))))
    assert slots_of(migrated_sqlite_db) == 1
    engine.trigger()
    jobs: list[Job] = []
    while len(jobs) < 4:  # the leader queues for the slots that the row of the worker names
        while engine.advance():
            pass
        with suppress(Empty):
            jobs.append(launcher.jobs.get(timeout=0.05))
    assert (slots_of(migrated_sqlite_db), worker.slots) == (4, 4)
    for job in jobs:
        worker.finished(Outcome(attempt_id=job.attempt_id, epoch=job.epoch, state="success"))
    for _ in range(2):
        while engine.advance():
            pass
        last = launcher.jobs.get(timeout=30)
        worker.finished(Outcome(attempt_id=last.attempt_id, epoch=last.epoch, state="success"))
    eventually(lambda: (slots_of(migrated_sqlite_db), worker.slots) == (1, 1))
