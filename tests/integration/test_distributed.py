"""Schedulers, workers and pages as processes of their own, on PostgreSQL with Redis or RabbitMQ."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from urllib.request import urlopen

import psutil
import pytest
import redis
import sqlalchemy as sa

from scheduler.cli.health import ask
from scheduler.clock import SystemClock
from scheduler.operations.connection_trials import ask_trial
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store.connections import Connection
from scheduler.store.tables import connection, leader, log_chunk, worker
from tests.integration.ledger import KEEPS_LEDGER, counted
from tests.integration.processes import Process, marked
from tests.integration.project import Project
from tests.integration.waiting import eventually
from tests.runtime.processes import command_of

pytestmark = pytest.mark.slow

SECRET = "s" * 44
#: Short, so that a dead worker or leader is told soon; long enough for a machine that is busy with other tests.
LEASE_S = "6"


@pytest.fixture
def shop(new_project: Callable[..., Project], tables_url: str, redis_url: str) -> Project:
    """A project on PostgreSQL and Redis."""
    return new_project(database_url=tables_url, broker_url=redis_url, secret_key=SECRET, lease_s=LEASE_S)


def keeps_ledger(project: Project, body: str) -> str:
    return KEEPS_LEDGER.format(ledger=str(project.folder / "ledger")) + body


def workers_of(project: Project) -> list[str]:
    return [
        row.id for row in project.record.rows(sa.select(worker.c.id).where(worker.c.stopped_at.is_(None)))
    ]


def attempts_of(project: Project) -> list[str]:
    """Return the names of the processes that run tasks."""
    names = [command_of(process) for process in marked(project.mark)]
    return [name for name in names if ", attempt " in name]


def leader_of(project: Project) -> str:
    return "".join(row.holder for row in project.record.rows(sa.select(leader.c.holder)))


def endpoint_of(server: Process) -> str:
    """Return where a server tells of itself, as it printed it."""
    return server.wait_for("/metrics").output.partition("Metrics: ")[2].partition("/metrics")[0]


def late(address: str) -> set[str]:
    """Return the parts of a server that make no progress, as a probe is told."""
    is_ok, body = ask(f"{address}/health")
    found = {name for name, words in body["parts"].items() if words != "ok"}
    assert is_ok == (not found), body
    return found


def told(server: Process, name: str) -> float:
    """Return a metric of a server; 0 where it does not tell it."""
    with urlopen(f"{endpoint_of(server)}/metrics", timeout=20) as answer:
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines())
    return float(lines.get(name, 0))


FAN = """
with DAG("fan", schedule=None):
    @task
    def first():
        return 20

    @task
    def join(found):
        assert found == [20] * 20, found
        note("joined")

    def make(number):
        @task(task_id=f"part_{number}")
        def part(value):
            print("part", number, "on", os.getppid())
            note(f"part {number}")
            return value
        return part

    start = first()
    join([make(number)(start) for number in range(20)])
"""


def test_two_workers_run_a_dag_to_its_end_and_their_logs_are_read_anywhere(
    new_project, tables_url, redis_url, tmp_path
):
    shop = new_project(
        database_url=tables_url,
        broker_url=redis_url,
        secret_key=SECRET,
        log_url=f"file://{tmp_path}/archive",
        metrics_port="0",
        connection_test="on",
    )
    shop.write("fan.py", keeps_ledger(shop, FAN))
    scheduler = shop.launch("scheduler")
    one = shop.launch("worker", "--slots", "4", DIRIGENT_HOME=str(shop.folder / "one"))
    two = shop.launch("worker", "--slots", "4", DIRIGENT_HOME=str(shop.folder / "two"))
    shop.start("web")
    run = shop.trigger("fan").until(within=60)
    assert (
        sum(
            told(server, 'dirigent_attempts_finished_total{kind="task",outcome="success"}')
            for server in (one, two)
        )
        == 22
    )
    # Counted by whoever wrote it: the leader, or the worker that handed on.
    ended = 'dirigent_dag_runs_finished_total{dag_id="fan",state="success"}'
    assert sum(told(server, ended) for server in (scheduler, one, two)) == 1
    assert told(scheduler, "dirigent_scheduler_leads") == 1
    assert told(scheduler, 'dirigent_queue_slots{queue="default"}') == 8
    assert ask(f"{endpoint_of(one)}/health")[1]["parts"].keys() >= {
        "worker",
        "leases",
        "tickets",
        "log copier",
    }
    assert counted(shop.folder / "ledger") == {f"part {n}": 1 for n in range(20)} | {"joined": 1}
    archived = tmp_path / "archive" / "fan" / run.run_id
    eventually(lambda: len(list(archived.rglob("*.log"))) == 22, told=shop.told)
    eventually(lambda: not shop.record.rows(sa.select(log_chunk.c.start)), told=shop.told)
    for number in (7, 13):
        said = shop.dirigent("tasks", "logs", "fan", run.run_id, f"part_{number}")
        assert f"part {number} on" in said.stdout, said.stderr
        assert "Ended as success" in said.stdout
    cipher = FernetCipher(SecretKey((SECRET,)))
    wanted = Connection(conn_id="files", conn_type="fs")
    with shop.record.db.write() as session:
        ask_trial(session, SystemClock().now(), cipher, wanted, account="ada", is_kept=True)
    eventually(lambda: shop.record.rows(sa.select(connection.c.conn_id)) == [("files",)], told=shop.told)


HELD = """
with DAG("held", schedule=None):
    for number in range(4):
        @task(task_id=f"held_{number}")
        def held(number):
            print("held", number)
            note(f"{number} began")
            wait_for("gate")
            note(f"{number} ended")

        held(number)
"""


def test_attempts_of_a_killed_worker_run_again_on_the_other_one_and_their_logs_outlive_its_disk(shop):
    shop.write("held.py", keeps_ledger(shop, HELD))
    scheduler = shop.start("scheduler", DIRIGENT_LOG_FORMAT="json")
    first = shop.start("worker", "--slots", "4", DIRIGENT_HOME=str(shop.folder / "one"))
    run = shop.trigger("held")
    eventually(lambda: sum(counted(shop.folder / "ledger").values()) == 4, told=shop.told)
    follower = shop.launch("tasks", "logs", "held", run.run_id, "held_0", "-f")
    follower.wait_for("held 0")
    eventually(lambda: all(f"held {n}" in run.log(f"held_{n}") for n in range(4)), told=shop.told)
    shop.start("worker", "--slots", "4")
    first.kill()
    shutil.rmtree(shop.folder / "one")
    (shop.folder / "gate").touch()
    run.until(within=60)
    counts = counted(shop.folder / "ledger")
    assert counts == {f"{n} began": 2 for n in range(4)} | {f"{n} ended": 1 for n in range(4)}
    assert [row.state for row in run.attempts("held_0")] == ["lost", "success"]
    assert all(f"held {n}" in run.log(f"held_{n}", 0) for n in range(4))
    follower.wait_for("This log has no end; the attempt is recorded as lost")
    lines = [json.loads(line) for line in scheduler.output.splitlines() if line.startswith("{")]
    assert {line["attempt_id"] for line in lines if " is lost: " in line["message"]} == {
        run.attempts(f"held_{n}")[0].id for n in range(4)
    }


BUSY = """
with DAG("busy", schedule=None):
    for number in range(2):
        @task(task_id=f"held_{number}")
        def held():
            wait_for("gate")

        held()

with DAG("short", schedule=None):
    for number in range(6):
        @task(task_id=f"short_{number}")
        def short():
            pass

        short()
"""


def test_work_goes_to_the_idle_worker_and_none_waits_in_the_busy_one(shop):
    shop.write("busy.py", keeps_ledger(shop, BUSY))
    shop.start("scheduler")
    shop.start("worker", "--slots", "2")
    busy = shop.trigger("busy")
    eventually(lambda: set(busy.tasks.values()) == {"running"}, told=shop.told)
    (full,) = workers_of(shop)
    shop.start("worker", "--slots", "2")
    short = shop.trigger("short").until()
    assert set(busy.tasks.values()) == {"running"}
    taken_by = {row.worker_id for task_id in short.tasks for row in short.attempts(task_id)}
    assert full not in taken_by
    (shop.folder / "gate").touch()
    busy.until()


def test_when_the_leading_scheduler_is_killed_the_other_one_goes_on(shop):
    shop.write("held.py", keeps_ledger(shop, HELD))
    first = shop.start("scheduler")
    leading = eventually(lambda: leader_of(shop), told=shop.told)
    shop.start("scheduler")
    shop.start("worker", "--slots", "2")
    run = shop.trigger("held")
    eventually(lambda: sum(counted(shop.folder / "ledger").values()) == 2, told=shop.told)
    assert leader_of(shop) == leading
    first.kill()
    (shop.folder / "gate").touch()
    run.until(within=60)
    assert leader_of(shop) != leading
    assert set(counted(shop.folder / "ledger").values()) == {1}


def test_a_scheduler_that_is_stopped_in_order_hands_the_lead_over_at_once(shop):
    first = shop.start("scheduler")
    leading = eventually(lambda: leader_of(shop), told=shop.told)
    shop.start("scheduler")
    assert first.stop(signal.SIGTERM) == 0
    eventually(lambda: leader_of(shop) not in ("", leading), told=shop.told)


def test_a_broker_that_lost_its_tickets_holds_nothing_up_for_long(shop, redis_url):
    shop.write("held.py", keeps_ledger(shop, HELD))
    shop.start("scheduler")
    run = shop.trigger("held")
    shop.start("worker", "--slots", "1")
    eventually(lambda: sum(counted(shop.folder / "ledger").values()) == 1, told=shop.told)
    with redis.Redis.from_url(redis_url) as broker:
        broker.flushdb()
    (shop.folder / "gate").touch()
    run.until(within=60)
    assert set(counted(shop.folder / "ledger").values()) == {1}


def test_a_run_comes_to_its_end_over_rabbitmq(new_project, tables_url, rabbitmq_url):
    shop = new_project(database_url=tables_url, broker_url=rabbitmq_url, secret_key=SECRET)
    shop.write("fan.py", keeps_ledger(shop, FAN))
    shop.launch("scheduler")
    shop.start("worker", "--slots", "4")
    shop.trigger("fan").until(within=60)
    assert counted(shop.folder / "ledger") == {f"part {n}": 1 for n in range(20)} | {"joined": 1}


def test_servers_survive_a_database_that_is_away_for_seconds(new_project, new_server, redis_url):
    database = new_server("postgres")
    shop = new_project(database_url=database.url, broker_url=redis_url, secret_key=SECRET, lease_s=LEASE_S)
    shop.write("held.py", keeps_ledger(shop, HELD))
    shop.start("scheduler")
    scaling = shop.start("worker", "--autoscale", "4,1").wait_for("1 to 4 slots")
    run = shop.trigger("held")
    # One after the other: each grows the worker by what waits, and its row tells the leader.
    eventually(lambda: sum(counted(shop.folder / "ledger").values()) == 4, told=shop.told)
    assert [row.slots for row in shop.record.rows(sa.select(worker.c.slots))] == [4]
    assert "worker: 4 slots now" in scaling.output
    database.stop()
    (shop.folder / "gate").touch()
    eventually(lambda: sum(counted(shop.folder / "ledger").values()) == 8, told=shop.told)
    database.start()
    eventually(
        lambda: shop.record.dag("held"), told=shop.told
    )  # the test's own connection is found dead first
    run.until(within=60)
    assert all(server.is_running for server in shop.servers)


def test_a_worker_stops_its_attempts_before_others_may_take_them_when_the_database_hangs(
    new_project, new_server, redis_url
):
    database = new_server("postgres")
    shop = new_project(
        database_url=database.url,
        broker_url=redis_url,
        secret_key=SECRET,
        lease_s=LEASE_S,
        metrics_port="0",
        health_late_s="1",
    )
    shop.write("held.py", keeps_ledger(shop, HELD))
    leading = shop.start("scheduler")
    working = shop.start("worker", "--slots", "4")
    run = shop.trigger("held")
    eventually(lambda: sum(counted(shop.folder / "ledger").values()) == 4, told=shop.told)
    assert len(attempts_of(shop)) == 4
    hung = [psutil.Process(database.process.pid), *psutil.Process(database.process.pid).children()]
    for process in hung:
        with suppress(psutil.NoSuchProcess):  # what serves one connection ends with it
            process.suspend()
    try:
        eventually(lambda: not attempts_of(shop), told=shop.told)
        eventually(lambda: "scheduler" in late(endpoint_of(leading)), told=shop.told)
        eventually(lambda: {"worker", "leases"} <= late(endpoint_of(working)), told=shop.told)
    finally:
        for process in hung:
            with suppress(psutil.NoSuchProcess):
                process.resume()
    (shop.folder / "gate").touch()
    run.until(within=60)
    assert set(counted(shop.folder / "ledger").values()) == {1, 2}
    eventually(lambda: not late(endpoint_of(leading)) | late(endpoint_of(working)), told=shop.told)
