"""PgBouncer in transaction mode between Dirigent and PostgreSQL: each transaction may meet another server process."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from scheduler.store import Database
from tests.services import ProgramMissing, shared
from tests.services.pgbouncer import PgBouncer


@pytest.fixture
def pooled_db(postgres_url):
    """An empty database behind a pooler."""
    try:
        pooler = PgBouncer(shared.new_folder("pgbouncer"))
        pooler.serve(postgres_url)
        with pooler:
            db = Database(pooler.url)
            yield db
            db.close()
    except ProgramMissing as missing:
        pytest.skip(str(missing))


def test_each_connection_gets_its_own_answers_from_whichever_server_process_a_pooler_chooses(pooled_db):
    who = sa.text("SELECT pg_backend_pid()")
    met: set[tuple[int, int]] = set()
    for number in range(12):
        # The second one has to take another server process, and each round takes them in another order.
        with pooled_db.write() as one, pooled_db.write() as other:
            for session in (one, other) if number % 3 else (other, one):
                mine = session.info.setdefault("mine", len(met))
                assert session.execute(sa.text(f"SELECT {mine}")).scalar() == mine
                met.add((mine, session.execute(who).scalar()))
    assert len(met) > 2


def test_times_are_in_utc_behind_a_pooler(pooled_db):
    with pooled_db.read() as session:
        assert session.execute(sa.text("SHOW TimeZone")).scalar() == "UTC"
