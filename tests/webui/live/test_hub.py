"""Pages that are open, and what they are told: over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from threading import Event
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from scheduler.core.scopes import Scope
from scheduler.errors import DatabaseUnavailable
from scheduler.store import Database
from scheduler.store import events as store_events
from scheduler.store.tables import dag_run, event
from scheduler.store.transaction import request_wake
from tests.webui import seed
from tests.webui.conftest import StillClock
from webui.live.hub import Hub, Watcher
from webui.live.wishes import Wish

#: So that a test that fails does not hang.
PATIENCE_S = 30
ANYTHING = Wish()


class Reader:
    """An open page: what it hears."""

    def __init__(self, hub: Hub, wish: Wish = ANYTHING, after: int | None = None, **more) -> None:
        self.heard: Queue[bytes] = Queue()
        self.ended = Event()
        given: dict[str, Any] = {"sight": (), "look": lambda session: ()}
        self.watcher = Watcher(hub, wish, after, **{**given, **more})
        self.watcher.attach(self.heard.put, self.ended.set)
        self.at = self.waits_for("hello")

    def waits_for(self, kind: str) -> int:
        """Return the position that the page is told next."""
        text = self.heard.get(timeout=PATIENCE_S).decode()
        assert f"event: {kind}" in text
        return int(text.partition("id: ")[2].partition("\n")[0])


@pytest.fixture
def hub(db: Database) -> Iterator[Hub]:
    hub = Hub(db, StillClock())
    yield hub
    for watcher in hub._all():
        hub.leave(watcher)


def happens(db: Database, dag_id: str, run_pk: int | None = None) -> None:
    with db.write() as session:
        happened = store_events.Event(at=seed.NOW, kind="run.state", dag_id=dag_id, run_pk=run_pk)
        store_events.append(session, [happened])
        request_wake(session)


def test_an_open_page_is_told_when_something_happens(hub: Hub, db: Database):
    reader = Reader(hub)
    happens(db, "orders_hourly")
    assert reader.waits_for("change") > reader.at


def test_a_page_is_told_of_its_own_dag_only(hub: Hub, db: Database):
    orders, sync = Reader(hub, Wish("orders_hourly")), Reader(hub, Wish("warehouse_sync"))
    happens(db, "orders_hourly")
    told = orders.waits_for("change")
    happens(db, "warehouse_sync")
    assert sync.waits_for("change") > told


def test_a_page_of_a_run_is_told_of_its_tasks(hub: Hub, db: Database):
    with db.read() as session:
        run = session.execute(sa.select(dag_run.c.id, dag_run.c.run_id).limit(1)).one()
    reader = Reader(hub, Wish("orders_hourly", run.run_id))
    happens(db, "", run.id)
    assert reader.waits_for("change")


def test_a_page_that_was_cut_off_is_told_what_it_missed(hub: Hub, db: Database):
    before = Reader(hub).at
    happens(db, "orders_hourly")
    assert Reader(hub, Wish("orders_hourly"), after=before).waits_for("change") > before
    quiet = Reader(hub, Wish("warehouse_sync"), after=before)
    happens(db, "warehouse_sync")
    assert quiet.waits_for("change") == quiet.at + 1


def test_a_commit_of_another_process_is_heard_of(hub: Hub, db: Database):
    reader = Reader(hub)
    other = Database(str(db.url))
    happens(other, "orders_hourly")
    other.close()
    assert reader.waits_for("change")


def test_many_pages_take_turns(hub: Hub, db: Database):
    readers = [Reader(hub) for _ in range(14)]
    happens(db, "orders_hourly")
    assert {reader.waits_for("change") for reader in readers} == {readers[0].at + 1}


def test_nobody_is_told_of_dags_that_they_do_not_see(hub: Hub, db: Database):
    only = (Scope(dag_ids=frozenset({"warehouse_sync"})),)
    reader = Reader(hub, sight=only, look=lambda session: only)
    every = Reader(hub)
    happens(db, "orders_hourly")
    told = every.waits_for("change")
    happens(db, "warehouse_sync")
    assert reader.waits_for("change") > told


def test_who_may_look_no_more_is_cut_off(hub: Hub):
    assert Reader(hub, look=lambda session: None).ended.wait(PATIENCE_S)


def test_nothing_is_read_where_no_page_is_open(hub: Hub, db: Database):
    reader = Reader(hub)
    hub.leave(reader.watcher)
    with db.count() as count:
        happens(db, "orders_hourly")
    assert [each for each in count.statements if each.startswith("SELECT")] == []
    assert reader.heard.empty()


def test_what_happens_after_the_last_events_were_deleted_is_told(hub: Hub, db: Database):
    reader = Reader(hub)
    with db.write() as session:
        session.execute(sa.delete(event))
        request_wake(session)
    assert reader.waits_for("change") < reader.at
    happens(db, "orders_hourly")
    assert reader.waits_for("change") == 1


class Faltering(Wish):
    """Cannot be asked at first."""

    faults: ClassVar[list[Exception]] = []

    def is_met_by(self, changes):
        if self.faults:
            raise self.faults.pop()
        return super().is_met_by(changes)


@pytest.mark.parametrize(
    "fault", [DatabaseUnavailable("it restarts"), RuntimeError("nobody thought of this")]
)
def test_what_happens_while_the_database_is_away_is_told_once_it_is_back(
    hub: Hub, db: Database, fault: Exception
):
    reader = Reader(hub, Faltering())
    Faltering.faults.append(fault)
    happens(db, "orders_hourly")
    assert reader.waits_for("change") > reader.at
