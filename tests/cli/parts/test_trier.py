"""A worker tries out the connections that people ask about, and stores what works where they want that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from scheduler.cli.parts.trier import Trier
from scheduler.clock import SystemClock
from scheduler.operations.connection_trials import ask_trial, show_trial
from scheduler.runtime.supervisor.connection_trials import ConnectionTrials
from scheduler.security.encryption import FernetCipher
from scheduler.security.secret_key import SecretKey
from scheduler.store import Database
from scheduler.store.connections import Connection, get_connection
from scheduler.store.teams import give_to_team, teams_of
from scheduler.store.trials import TrialRow
from tests.dispatch.test_worker import PLAN
from tests.runtime.processes import wait_until

CLOCK = SystemClock()
CIPHER = FernetCipher(SecretKey(("only for tests " * 3,)))
QUEUE = min(PLAN.queues)
#: A process in place of the one that has hooks, which takes a second to start: what is there works.
ANSWERS = (
    """if grep -q '"host": "there"'; then echo '{"is_ok": true, "message": "It answers."}';"""
    """ else echo '{"is_ok": false, "message": "Nobody answers."}'; fi"""
)
Ask = Callable[..., str]


class Held:
    """Trials that go on until they are let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = Event(), Event()

    def try_out(self, fields: object) -> tuple[bool, str]:
        self.begun.set()
        assert self.let_go.wait(30)
        return True, "It works."


@pytest.fixture
def ask(db: Database) -> Ask:
    def ask(host: str, **more: Any) -> str:
        wanted = Connection(conn_id="shop", conn_type="sqlite", host=host, description="of ours")
        return db.transact(
            lambda session: ask_trial(
                session, CLOCK.now(), CIPHER, wanted, account="ada", queue=QUEUE, **more
            )
        )

    return ask


@pytest.fixture
def start(db: Database) -> Iterator[Callable[..., Trier]]:
    started: list[Trier] = []

    def start(trials: ConnectionTrials | Held) -> Trier:
        started.append(Trier(db, PLAN, clock=CLOCK, cipher=CIPHER, trials=trials))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.close()


def _shown(db: Database, token: str) -> TrialRow:
    with db.read() as session:
        return show_trial(session, CLOCK.now(), token, account="ada")


def _is_over(db: Database, token: str) -> bool:
    return _shown(db, token).state in {"success", "failed"}


def test_what_works_is_stored_where_that_is_wanted_and_what_does_not_is_not(
    db: Database, ask: Ask, start: Callable[..., Trier]
) -> None:
    start(ConnectionTrials({}, command=["sh", "-c", ANSWERS]))
    fails = ask("away", is_kept=True)
    wait_until(lambda: _is_over(db, fails))
    assert (_shown(db, fails).state, _shown(db, fails).message) == ("failed", "Nobody answers.")
    with db.read() as session:
        assert get_connection(session, CIPHER, "shop") is None
    works = ask("there", is_kept=True, team="stock")
    wait_until(lambda: _is_over(db, works))
    assert (_shown(db, works).state, _shown(db, works).message) == ("success", "It answers.")
    with db.read() as session:
        stored = get_connection(session, CIPHER, "shop")
        assert stored is not None
        assert (stored.host, stored.description) == ("there", "of ours")
        assert teams_of(session, "connection", ["shop"]) == {"shop": "stock"}
        told = session.exec_driver_sql("SELECT sealed FROM connection_trial").all()
    assert set(told) == {(None,)}


def test_what_is_another_teams_by_then_is_left_as_it_is(
    db: Database, ask: Ask, start: Callable[..., Trier]
) -> None:
    trials = Held()
    start(trials)
    token = ask("", is_kept=True, team="stock")
    assert trials.begun.wait(30)
    with db.write() as session:
        session.exec_driver_sql(
            "INSERT INTO connection (conn_id, conn_type, host, schema, login, description, updated_at) "
            "VALUES ('shop', 'http', 'theirs', '', '', '', '2026-11-21 00:00:00')"
        )
        give_to_team(session, "connection", "shop", "shop")
    trials.let_go.set()
    wait_until(lambda: _is_over(db, token))
    assert "It was not stored: by now there is another of this name." in _shown(db, token).message
    with db.read() as session:
        stored = get_connection(session, CIPHER, "shop")
    assert stored is not None
    assert stored.host == "theirs"


def test_a_worker_that_stops_says_that_a_trial_came_to_nothing_and_writes_no_more(
    db: Database, ask: Ask, start: Callable[..., Trier]
) -> None:
    trials = Held()
    worker = start(trials)
    token = ask("")
    assert trials.begun.wait(30)
    with db.read() as session:
        [(sealed,)] = session.exec_driver_sql("SELECT sealed FROM connection_trial").all()
    assert bytes(sealed).startswith(b"gAAAA"), "it rests encrypted"
    worker.close()
    assert _shown(db, token).message == "The worker that tried it out was stopped."
    with db.count() as count:
        trials.let_go.set()
        for thread in threading.enumerate():
            if thread.name == "trial":
                thread.join(30)
    assert count.statements == []
