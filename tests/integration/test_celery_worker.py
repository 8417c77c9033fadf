"""A worker started by Celery's own command."""

from __future__ import annotations

import signal
import socket
import sys

import pytest

from scheduler.cli.health import ask
from tests.integration.processes import Process

pytestmark = pytest.mark.slow

CELERY = (sys.executable, "-m", "celery", "-A", "scheduler.dispatch", "worker")
ADDING = """
from scheduler import dag, task

@dag(schedule=None)
def adding():
    @task
    def one():
        return 1

    @task
    def add(number):
        print(f"the sum is {number + 1}")
        return number + 1

    add(one())

adding()
"""
SECRET = "s" * 40


def celery(made, *words, **environ):
    output = made.folder / f"celery-{len(made.servers)}.log"
    worker = Process([*CELERY, *words], made.folder, made.environ | environ, output)
    made.servers.append(worker)
    return worker


def ended(worker):
    """Wait for a command that ends by itself; return what it said."""
    assert worker._process.wait(30) == 1
    return worker.output


@pytest.mark.redis
def test_celerys_own_command_runs_attempts_and_stops_in_order(new_project, redis_url):
    made = new_project(broker_url=redis_url, secret_key=SECRET)
    made.write("adding.py", ADDING)
    made.start("scheduler")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = celery(made, "-c", "2", DIRIGENT_METRICS_PORT=str(port))

    run = made.trigger("adding").until()
    assert ask(f"http://127.0.0.1:{port}/health")[1]["parts"].keys() >= {"worker", "leases", "tickets"}

    assert run.tasks == {"one": "success", "add": "success"}
    assert "the sum is 2" in run.log("add")
    assert worker.stop(signal.SIGTERM) == 0


@pytest.mark.redis
def test_a_pool_of_processes_is_refused_with_a_sentence(new_project, redis_url):
    made = new_project(broker_url=redis_url, secret_key=SECRET)

    assert "threads pool: leave out -P" in ended(celery(made, "-P", "prefork"))
    assert "threads pool: leave out -P" in ended(celery(made, "--pool=solo"))
    assert "use `dirigent worker --autoscale MAX,MIN`" in ended(celery(made, "--autoscale=4,1"))


def test_a_broker_that_other_processes_cannot_reach_is_refused(new_project):
    assert "DIRIGENT_BROKER_URL='inproc://local'" in ended(celery(new_project()))


def test_a_broker_that_is_away_is_told_in_a_sentence(new_project):
    made = new_project(broker_url="redis://:canary@127.0.0.1:1/0", secret_key=SECRET)

    said = ended(celery(made))

    assert "cannot be reached" in said
    assert "canary" not in said
