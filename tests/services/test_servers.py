"""The private servers keep what the rest of the suite relies on."""

import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import psutil
import psycopg
import pytest
from kombu import Connection
from redis import Redis

from tests.services.postgres import connect

pytestmark = pytest.mark.slow


def test_each_test_gets_an_empty_postgresql_database(postgres_url: str) -> None:
    with connect(postgres_url) as session:
        tables = session.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
        session.execute("create table left_behind ()")
    assert tables == (0,)


def test_postgresql_asks_for_a_password(postgres_url: str) -> None:
    user, rest = postgres_url.split("@")
    with pytest.raises(psycopg.OperationalError, match="password"), connect(f"{user}x@{rest}"):
        pass


def test_each_test_gets_an_empty_redis_database(redis_url: str) -> None:
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_each_test_gets_a_rabbitmq_virtual_host(rabbitmq_url: str) -> None:
    with Connection(rabbitmq_url) as connection:
        queue = connection.SimpleQueue("left-behind")
        queue.put({"ticket": 1})
        assert queue.get(timeout=30).payload == {"ticket": 1}
        queue.close()


@pytest.mark.parametrize("kind", ["postgres", "redis", "rabbitmq"])
def test_a_server_that_was_killed_comes_back_at_its_address(new_server, kind: str) -> None:
    server = new_server(kind)
    address = server.url
    server.kill()
    assert not server.is_ready()
    server.start()
    assert server.is_ready()
    assert server.url == address


@pytest.mark.parametrize("kind", ["postgres", "redis", "rabbitmq"])
def test_nothing_is_left_of_a_server_whose_run_was_killed(kind: str) -> None:
    script = (
        "import os; from tests.services import shared; shared.open_run();"
        f"print(os.environ[shared.RUN], shared.shared_url('{kind}'), flush=True); input()"
    )
    run = subprocess.Popen([sys.executable, "-c", script], stdin=PIPE, stdout=PIPE, text=True)
    with run:
        folder, _ = run.stdout.readline().split()
        started = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    _, alive = psutil.wait_procs(started, timeout=30)
    assert started
    assert alive == []
    assert not Path(folder).exists()
