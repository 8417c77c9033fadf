from __future__ import annotations

import pytest

from tests.loop.engine import Engine


@pytest.fixture
def engine(db):
    engine = Engine(db)
    engine.worker()
    return engine
