"""The leader looks for old history, and survives an archive that is away."""

from __future__ import annotations

import logging

from scheduler.loop.history import History
from scheduler.operations.history import Policy
from tests.loop.engine import Engine, spec, task
from tests.operations.test_history import Shelf, ended, runs


class Still:
    """A clock that stands where the engine is."""

    def __init__(self, engine):
        self._engine = engine

    def now(self):
        return self._engine.now

    def monotonic(self):
        return 0.0


def test_what_cannot_be_archived_waits_for_the_next_look(engine: Engine, caplog):
    engine.define(spec(task("a")))
    old = ended(engine)
    engine.wait(days=8)
    new = ended(engine)
    shelf = Shelf()
    history = History(engine.db, Still(engine), Policy(days=7), shelf)

    shelf.is_away = True
    with caplog.at_level(logging.WARNING):
        assert history.look().runs == {}
    assert "the shelf cannot be reached" in caplog.text
    assert runs(engine) == [old, new]

    shelf.is_away = False
    assert history.look().runs == {"orders": 1}
    assert [record["id"] for record in shelf.records] == [old]


def test_it_starts_and_stops_without_waiting(engine: Engine):
    history = History(engine.db, Still(engine), Policy(days=7), None)
    history.start()
    history.close()
