"""A scheduler, a worker and a page whose database and broker talk nothing but TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from tests.integration.project import Project
from tests.services.encrypted import EncryptedPostgres, EncryptedRedis
from tests.services.server import ProgramMissing
from tests.services.shared import new_folder

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.redis]

ONE = """
from scheduler import DAG, task

with DAG("one", schedule=None):
    @task
    def only():
        print("over TLS")

    only()
"""
#: Connections of other processes to this database, and whether each is encrypted.
CONNECTIONS: sa.Select[tuple[bool]] = (
    sa.select(sa.column("ssl"))
    .select_from(sa.text("pg_stat_ssl JOIN pg_stat_activity USING (pid)"))
    .where(sa.column("backend_type") == "client backend")
)


@pytest.fixture
def services() -> Iterator[tuple[EncryptedPostgres, EncryptedRedis]]:
    """Both, for this test alone."""
    with ExitStack() as stack:
        try:
            made = EncryptedPostgres(new_folder("postgres")), EncryptedRedis(new_folder("redis"))
        except ProgramMissing as missing:
            pytest.skip(str(missing))
        for server in made:
            stack.enter_context(server)
        yield made


def test_a_run_passes_over_encrypted_connections_and_an_unknown_authority_is_refused(
    new_project: Callable[..., Project], services: tuple[EncryptedPostgres, EncryptedRedis]
):
    postgres, redis = services
    shop = new_project(database_url=postgres.url, broker_url=redis.url, secret_key="s" * 44)
    shop.write("one.py", ONE)
    shop.launch("scheduler")
    shop.launch("worker", "--slots", "2")
    shop.start("web")
    run = shop.trigger("one").until(within=60)
    assert "over TLS" in run.log("only")
    with_tls = [row.ssl for row in shop.record.rows(CONNECTIONS)]
    assert len(with_tls) >= 4, "scheduler, worker, page, and who asks"
    assert all(with_tls)
    refused = shop.dirigent("doctor", "-o", "json", DIRIGENT_DATABASE_URL=stranger(postgres, redis))
    assert (refused.returncode, "SSL error" in refused.stdout) == (1, True), refused


def stranger(postgres: EncryptedPostgres, redis: EncryptedRedis) -> str:
    """Return the address of PostgreSQL for somebody who trusts only the authority of Redis."""
    url = sa.make_url(postgres.url).update_query_dict({"sslrootcert": str(redis.authority.file)})
    return url.render_as_string(hide_password=False)
