"""What a process tells of itself."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client.parser import text_string_to_metric_families

from scheduler.clock import SystemClock
from scheduler.core.states import RunState
from scheduler.metrics.catalogue import CATALOGUE
from scheduler.metrics.instruments import Meter
from scheduler.monitoring.monitor import Monitor
from scheduler.store.engine import Database
from scheduler.store.runs import move_runs
from scheduler.vitals import Vitals
from tests.loop.engine import Engine, spec, task
from tests.monitoring.clocks import HandClock


def monitor(db, clock=None, *, tells_state=True):
    clock = clock or SystemClock()
    return Monitor(db, clock, Vitals(clock.monotonic, 30), role="up", version="1.2", tells_state=tells_state)


def samples(told: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(told.decode())
        for sample in family.samples
    }


def names(told: bytes) -> set[str]:
    return {family.name for family in text_string_to_metric_families(told.decode())}


def test_everything_that_the_catalogue_names_is_told_and_nothing_else(db):
    told = names(monitor(db).metrics())
    expected = {name.removesuffix("_total") for name in CATALOGUE}
    assert {name for name in told if name.startswith("dirigent_")} == expected
    assert "process_resident_memory_bytes" in told


def test_a_worker_leaves_the_state_of_the_database_to_pages_and_schedulers(db):
    told = names(monitor(db, tells_state=False).metrics())
    assert "dirigent_queue_waiting_tasks" not in told
    assert "dirigent_task_pickup_delay_seconds" in told


def test_what_is_committed_is_counted_and_what_is_rolled_back_is_not(db):
    db.observer = Meter()
    engine = Engine(db)
    engine.worker()
    engine.define(spec(task("a"), task("b", "a"), dag_id="counted"))
    mon = monitor(db)
    before = samples(mon.metrics())
    run_pk = engine.trigger("counted")
    with suppress(ZeroDivisionError), db.write() as session:
        assert not engine._claim(session, "w1", 8, 30, ["default"])
        move_runs(session, engine.now, [run_pk], RunState.FAILED)
        raise ZeroDivisionError
    engine.run_to_end()
    after = samples(mon.metrics())

    def rise(name: str, *labels: str) -> float:
        return after.get((name, labels), 0) - before.get((name, labels), 0)

    assert rise("dirigent_task_state_changes_total", "running") == 2
    assert rise("dirigent_task_state_changes_total", "success") == 2
    assert rise("dirigent_dag_run_state_changes_total", "success") == 1
    assert rise("dirigent_dag_runs_finished_total", "counted", "success") == 1
    assert rise("dirigent_dag_run_duration_seconds_count", "success") == 1
    assert rise("dirigent_events_total", "run.state") == 3
    assert rise("dirigent_database_transaction_duration_seconds_count", "write") > 3


def test_whoever_asks_again_soon_is_told_what_was_read_before(db):
    clock = HandClock()
    mon = monitor(db, clock)
    mon.metrics()
    with db.count() as count:
        mon.metrics()
        mon.scaling()
    assert count.statements == []
    clock.pass_time(6)
    with db.count() as count:
        mon.metrics()
    assert len(count.statements) == 10


def test_where_the_database_is_away_the_process_still_tells_of_itself(tmp_path):
    mon = monitor(Database(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}"))
    told = samples(mon.metrics())
    assert ("dirigent_queue_waiting_tasks", ("default",)) not in told
    assert (
        samples(mon.metrics())["dirigent_state_read_errors_total", ()]
        > told["dirigent_state_read_errors_total", ()]
    )


def test_an_autoscaler_reads_what_waits_by_queue(db):
    engine = Engine(db)
    engine.worker(slots=2)
    engine.define(spec(*(task(f"t{number}") for number in range(5))))
    engine.trigger()
    while engine.advance():
        pass
    engine.claim(limit=2)
    told = monitor(db).scaling()
    queue = told["queues"]["default"]
    assert (queue["waiting"], queue["running"], queue["slots"], queue["desired_slots"]) == (3, 2, 2, 5)
    assert (told["waiting"], told["running"], told["slots"], told["desired_slots"]) == (3, 2, 2, 5)
    assert told["workers"] == 1
