from __future__ import annotations

import pytest

from scheduler.store import Database
from scheduler.store.migrate import upgrade
from tests.loop.engine import Engine


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def db(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'dirigent.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    upgrade(database)
    yield database
    database.close()


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    return engine
