"""What is old goes, by policy; what something looks back at stays; nobody waits for it."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise

import pytest
import sqlalchemy as sa

from scheduler.errors import ArchiveUnavailable
from scheduler.operations import history
from scheduler.operations.history import ROWS, Policy, Pruner
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.artifacts import Artifact, put_artifact
from scheduler.store.history import FIRST, delete_some, old_runs
from scheduler.store.logs import put_chunks
from scheduler.store.run_ends import count_runs
from scheduler.store.tables import artifact, attempt, dag_run, event, log_chunk, task_instance, xcom
from scheduler.store.tallies import count_attempts
from tests.loop.engine import Engine, spec, task

WEEK = Policy(days=7)
DOCUMENT = Artifact("report", "text/plain", b"x")
GROWING = (dag_run, task_instance, attempt, event, xcom, log_chunk, artifact)


class Shelf:
    """An archive in memory; `is_away`: it takes nothing."""

    def __init__(self):
        self.files = {}
        self.is_away = False

    def put(self, name, data):
        if self.is_away:
            raise ArchiveUnavailable("the shelf cannot be reached")
        self.files[name] = data

    @property
    def records(self):
        """Every record of every file."""
        texts = (gzip.decompress(data).decode() for data in self.files.values())
        return [json.loads(line) for text in texts for line in text.splitlines()]


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    engine.define(spec(task("a"), task("b", "a")))
    return engine


def ended(engine, dag_id="orders", *, logical=True, **fields):
    """Run a DAG to its end, and sum it up as the leader does; return the run's key."""
    run = engine.trigger(dag_id, logical_date=engine.now if logical else None)
    engine.run_to_end(**fields)
    settle(engine)
    return run


def settle(engine):
    engine.db.transact(lambda session: count_attempts(session, engine.now, 1000))
    engine.db.transact(lambda session: count_runs(session, engine.now, 1000))


def prune(engine, policy=WEEK, archive=None, rest=lambda seconds: False, **which):
    return Pruner(engine.db, policy, archive, rest).prune(engine.now, **which)


class Cupboard:
    """Keeps the large values of runs, elsewhere."""

    def __init__(self):
        self.dropped = []

    def drop(self, dag_id, run_id):
        self.dropped.append((dag_id, run_id))


def runs(engine):
    with engine.db.read() as session:
        return list(session.scalars(sa.select(dag_run.c.id).order_by(dag_run.c.id)))


def counts(engine):
    with engine.db.read() as session:
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) for table in GROWING
        }


def test_a_run_goes_with_all_that_belongs_to_it_and_its_sums_stay(engine):
    old = ended(engine, xcoms={"return_value": 1})
    with engine.db.write() as session:
        [number] = session.scalars(sa.select(attempt.c.id).where(attempt.c.run_pk == old).limit(1))
        put_chunks(session, [(number, 0, b"a line")])
        put_artifact(session, engine.now, run_pk=old, task_id="a", path="", document=DOCUMENT)
    before = counts(engine)
    assert all(before.values())
    engine.wait(days=8)
    new = ended(engine)

    pruned = prune(engine)

    assert (pruned.runs, pruned.tasks) == ({"orders": 1}, 2)
    assert runs(engine) == [new]
    after = counts(engine)
    assert (after["log_chunk"], after["artifact"]) == (0, 0)
    assert all(after[name] <= before[name] for name in after)


def test_what_something_looks_back_at_stays(engine):
    engine.define(spec(task("a"), dag_id="lonely"))
    lonely = ended(engine, "lonely")
    over = ended(engine)
    kept = [lonely]
    for make in (ended, _left_open, ended):
        engine.wait(hours=1)
        kept.append(make(engine))
    engine.wait(days=30)

    prune(engine)

    assert over not in runs(engine)
    assert runs(engine) == kept


def _left_open(engine):
    """Leave a run without a worker; the next one is of a DAG that has one."""
    run = engine.trigger(logical_date=engine.now)
    with engine.db.write() as session:
        session.execute(sa.update(dag_run).values(is_aside=True).where(dag_run.c.id == run))
    return run


def test_the_last_run_of_the_schedule_stays_for_the_next_to_be_counted_from(engine):
    scheduled = ended(engine)
    with engine.db.write() as session:
        session.execute(sa.update(dag_run).values(run_type="scheduled"))
    for _ in range(2):
        engine.wait(days=1)
        ended(engine)
    engine.wait(days=30)
    prune(engine)
    assert runs(engine)[0] == scheduled
    assert len(runs(engine)) == 2


def test_a_run_stays_while_an_attempt_of_it_is_under_way_or_not_summed_up(engine):
    engine.trigger(logical_date=engine.now)
    engine.run_to_end()
    engine.wait(days=8)
    newest = ended_without_sums(engine)
    assert prune(engine).runs == {}
    settle(engine)
    assert prune(engine).runs == {"orders": 1}
    assert runs(engine) == [newest]


def ended_without_sums(engine):
    run = engine.trigger(logical_date=engine.now)
    engine.run_to_end()
    return run


def test_a_run_that_a_person_took_up_again_in_between_stays(engine):
    old = ended(engine)
    engine.wait(days=8)
    ended(engine)
    found = may_go(engine)
    assert [each.id for each in found] == [old]
    request = RerunRequest(dag_id="orders", run_id=_run_id(engine, old))
    engine.db.transact(lambda session: rerun(session, engine.now, request, actor="user:ada"))
    assert engine.db.transact(lambda session: delete_some(session, found, ROWS))
    assert old in runs(engine)


def may_go(engine):
    with engine.db.read() as session:
        return old_runs(session, engine.now, FIRST, 10)


def _run_id(engine, run_pk):
    with engine.db.read() as session:
        return session.scalar(sa.select(dag_run.c.run_id).where(dag_run.c.id == run_pk))


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (Policy(runs_per_dag=2), {"orders": 2, "audit": 2}),
        (Policy(days=2), {"orders": 2, "audit": 2}),
        (Policy(days=2, days_of=(("aud*", 0),)), {"orders": 2, "audit": 4}),
        (Policy(days_of=(("orders", 3),)), {"orders": 3, "audit": 4}),
        (Policy(days=3, runs_per_dag=1), {"orders": 1, "audit": 1}),
        (Policy(runs_per_dag=1, days_of=(("aud*", 0),)), {"orders": 1, "audit": 4}),
    ],
)
def test_a_policy_says_what_is_old_by_age_by_number_and_by_dag(engine, policy, left):
    engine.define(spec(task("a"), dag_id="audit"))
    for _ in range(4):
        ended(engine)
        ended(engine, "audit")
        engine.wait(days=1)
    told = Pruner(engine.db, policy, None, lambda seconds: False).preview(engine.now)
    assert prune(engine, policy).runs == told.runs
    with engine.db.read() as session:
        query = sa.select(dag_run.c.dag_id, sa.func.count().label("number")).group_by(dag_run.c.dag_id)
        assert {row.dag_id: row.number for row in session.execute(query)} == left


def test_some_dags_can_be_pruned_alone(engine):
    engine.define(spec(task("a"), dag_id="audit"))
    for dag_id in ("orders", "audit") * 2:
        ended(engine, dag_id)
        engine.wait(minutes=1)
    engine.wait(days=8)
    assert prune(engine, dag_ids=["audit"]).runs == {"audit": 1}
    assert prune(engine).runs == {"orders": 1}


def test_what_goes_is_archived_first_a_folder_a_day(engine):
    first = ended(engine)
    engine.wait(hours=1)
    second = ended(engine)
    engine.wait(days=1)
    third = ended(engine)
    engine.wait(days=9)
    ended(engine)
    shelf = Shelf()

    pruned = prune(engine, archive=shelf)

    assert [name.rsplit("-", 1)[0] for name in shelf.files] == [
        f"2026-11-21/runs-{first}-{second}",
        f"2026-11-22/runs-{third}-{third}",
    ]
    assert pruned.files == 2
    record = shelf.records[0]
    assert (record["id"], record["dag_id"], record["state"]) == (first, "orders", "success")
    assert {each["task_id"] for each in record["task_instances"]} == {"a", "b"}
    assert {each["state"] for each in record["attempts"]} == {"success"}
    assert record["events"]


def test_nothing_is_deleted_that_could_not_be_archived(engine):
    old = ended(engine)
    engine.wait(days=8)
    ended(engine)
    shelf = Shelf()
    shelf.is_away = True
    with pytest.raises(ArchiveUnavailable):
        prune(engine, archive=shelf)
    assert old in runs(engine)


def test_a_large_run_goes_in_many_short_transactions(engine):
    engine.define(spec(*(task(f"t{number}") for number in range(30)), dag_id="wide"))
    large = ended(engine, "wide")
    engine.wait(days=8)
    ended(engine, "wide")
    steps, found = [_rows_of(engine, large)], may_go(engine)
    while not engine.db.transact(lambda session: delete_some(session, found, 20)):
        steps.append(_rows_of(engine, large))
    assert len(steps) > 5
    assert all(before - after <= 20 for before, after in pairwise(steps))
    assert large not in runs(engine)


def _rows_of(engine, run_pk):
    with engine.db.read() as session:
        tables = (event, attempt)
        return sum(
            session.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.run_pk == run_pk))
            for table in tables
        )


def test_tables_stay_bounded_under_many_runs_and_work_goes_on_while_it_prunes(engine):
    sizes = []
    in_between = []

    def work(seconds):
        in_between.append(engine.run_state(ended(engine)))
        return False

    for number in range(9):
        for _ in range(2):
            ended(engine)
            engine.wait(hours=12)
        prune(engine, Policy(days=2), rest=work if number == 8 else lambda seconds: False)
        sizes.append(counts(engine))
    assert in_between
    assert set(in_between) == {"success"}
    for name in ("dag_run", "task_instance", "attempt", "event"):
        assert len({size[name] for size in sizes[3:8]}) == 1


def test_events_of_no_run_go_by_their_age(engine):
    with engine.db.write() as session:
        values = {"kind": "dag.paused", "dag_id": "orders", "at": engine.now}
        session.execute(sa.insert(event), [values] * 3)
    engine.wait(days=6)
    assert prune(engine).events == 0
    engine.wait(days=2)
    assert prune(engine).events == 3


def test_what_lies_elsewhere_goes_with_its_run_and_with_no_other(engine):
    for _ in range(3):
        ended(engine)
        engine.wait(minutes=1)
    first, second, _ = runs(engine)
    engine.wait(days=8)
    with engine.db.read() as session:
        names = {row.id: row.run_id for row in session.execute(sa.select(dag_run.c.id, dag_run.c.run_id))}
    cupboard = Cupboard()

    def reopen(_seconds):
        """Somebody reruns the older one, just before it would go."""
        if first in runs(engine) and not cupboard.dropped:
            request = RerunRequest(dag_id="orders", run_id=names[first])
            engine.db.transact(lambda session: rerun(session, engine.now, request, actor="user:ada"))
        return False

    Pruner(engine.db, WEEK, None, reopen, cupboard).prune(engine.now)

    assert first in runs(engine)
    assert cupboard.dropped == [("orders", names[second])]


def test_pruning_that_is_told_to_stop_stops_and_goes_on_later(engine):
    for _ in range(3):
        ended(engine)
        engine.wait(minutes=1)
    engine.wait(days=8)
    assert prune(engine, rest=lambda seconds: True).runs == {}
    assert prune(engine).runs == {"orders": 2}


def test_old_runs_are_found_by_an_index(engine):
    ended(engine)
    asked = []

    def note(session, cursor, text, binds, *rest):
        asked.append((text, binds))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        prune(engine, Policy(days=1, runs_per_dag=1))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    if engine.db.url.get_backend_name() != "sqlite":
        return
    with engine.db.read() as session:
        steps = [
            row[-1]
            for text, binds in asked
            if text.startswith(("SELECT", "DELETE"))
            for row in session.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", binds)
        ]
    growing = tuple(f"SCAN {table.name}" for table in GROWING)
    assert [step for step in steps if step.startswith(growing) and "USING COVERING INDEX" not in step] == []


def test_a_deletion_that_was_broken_off_takes_nothing_from_the_archive(engine, monkeypatch):
    monkeypatch.setattr(history, "ROWS", 3)
    old = ended(engine, xcoms={"return_value": 1})
    engine.wait(days=8)
    ended(engine)
    shelf, rests = Shelf(), iter([False, True])
    prune(engine, archive=shelf, rest=lambda seconds: next(rests, True))
    assert old in runs(engine)
    whole = dict(shelf.files)

    prune(engine, archive=shelf)

    assert old not in runs(engine)
    assert whole.items() <= shelf.files.items()


class Meddler(Shelf):
    """An archive during whose work somebody runs again what it archives."""

    def __init__(self, meddle):
        super().__init__()
        self.meddle = meddle

    def put(self, name, data):
        super().put(name, data)
        self.meddle()


def test_a_run_that_ended_anew_since_it_was_archived_stays(engine):
    old = ended(engine)
    engine.wait(days=8)
    ended(engine)
    request = RerunRequest(dag_id="orders", run_id=_run_id(engine, old))

    def run_again():
        engine.wait(minutes=1)
        engine.db.transact(lambda session: rerun(session, engine.now, request, actor="user:ada"))
        engine.run_to_end()
        settle(engine)

    prune(engine, archive=Meddler(run_again))
    assert old in runs(engine)
