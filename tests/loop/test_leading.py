"""One of several schedulers leads; a real service in a thread hands the lead on."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest

from scheduler.clock import SystemClock
from scheduler.errors import LeadLost
from scheduler.loop.duties import StartRuns
from scheduler.loop.effects import Effects
from scheduler.loop.leading import LEASE_S, RENEW_S, ROLE, Lead
from scheduler.loop.service import Service
from scheduler.store.leaders import give_up_lead, take_lead
from tests.loop.engine import NOW, spec, task


class NoTickets:
    """A publisher without a broker: the database is the truth."""

    def ring(self, queues):
        pass


def service(db, name: str, leads: Event, yields: Event) -> Service:
    return Service(
        db,
        (),
        Effects(),
        publish=NoTickets(),
        clock=SystemClock(),
        holder=name,
        on_lead=leads.set,
        on_yield=yields.set,
    )


def test_of_two_that_ask_one_leads_and_keeps_the_lead(db):
    def ask(name):
        return db.transact(lambda session: take_lead(session, ROLE, name, 60))

    assert ask("first")
    assert not ask("second")
    assert ask("first")


def test_a_lead_whose_lease_ran_out_is_taken_over(db):
    assert db.transact(lambda session: take_lead(session, ROLE, "first", -1.0))
    assert db.transact(lambda session: take_lead(session, ROLE, "second", 60))
    assert not db.transact(lambda session: take_lead(session, ROLE, "first", 60))


def test_a_lead_that_is_given_up_is_free_at_once_and_only_its_holder_gives_it_up(db):
    db.transact(lambda session: take_lead(session, ROLE, "first", 60))
    db.transact(lambda session: give_up_lead(session, ROLE, "second"))
    assert not db.transact(lambda session: take_lead(session, ROLE, "second", 60))
    db.transact(lambda session: give_up_lead(session, ROLE, "first"))
    assert db.transact(lambda session: take_lead(session, ROLE, "second", 60))


def test_a_scheduler_that_is_stopped_lets_the_other_one_lead(db):
    first_leads, second_leads, nobody = Event(), Event(), Event()
    first, second = service(db, "first", first_leads, nobody), service(db, "second", second_leads, nobody)
    first.start()
    assert first_leads.wait(30)
    second.start()

    first.close()

    assert second_leads.wait(30)
    assert second.leads
    second.close()


class Frozen:
    """A clock that goes on while its process stands still; `monotonic` may stand still too, as on a machine asleep."""

    def __init__(self):
        self.at = NOW
        self.seconds = 0.0

    def now(self):
        return self.at

    def monotonic(self):
        return self.seconds

    def freeze(self, seconds: float, *, is_asleep: bool = False) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += 0.0 if is_asleep else seconds


@pytest.mark.parametrize("is_asleep", [False, True])
def test_a_leader_that_was_frozen_writes_nothing_once_another_leads(db, engine, is_asleep):
    engine.define(spec(task("a")))
    run = engine.trigger()
    clock = Frozen()
    lead = Lead(db, clock, "first")
    assert lead.ask()

    def start_while_frozen(session):
        StartRuns(engine.graphs)(session, NOW, 10)
        clock.freeze(LEASE_S, is_asleep=is_asleep)

    other = take_lead_of_another(db)
    with pytest.raises(LeadLost):
        lead.transact(start_while_frozen)
    assert engine.run_state(run) == "queued"
    assert not lead.is_held
    assert other


def take_lead_of_another(db):
    """Let another lead, as if the lease of the first had run out."""
    db.transact(lambda session: give_up_lead(session, ROLE, "first"))
    return db.transact(lambda session: take_lead(session, ROLE, "second", 60))


def test_a_leader_that_was_slow_goes_on_where_nobody_took_over(db):
    clock = Frozen()
    lead = Lead(db, clock, "first")
    lead.ask()
    clock.freeze(LEASE_S * 2)
    assert not lead.is_held
    assert lead.transact(lambda session: "done") == "done"
    assert lead.is_held


def test_a_transaction_soon_after_the_lead_was_asked_for_costs_no_statement(db):
    clock = Frozen()
    lead = Lead(db, clock, "first")
    lead.ask()
    clock.freeze(RENEW_S / 2)
    with db.count() as count:
        lead.transact(lambda session: None)
    assert count.statements == []


def test_a_service_that_finds_another_leading_yields_and_does_nothing(db):
    leads, yields = Event(), Event()
    first = service(db, "first", leads, yields)
    first.start()
    assert leads.wait(30)
    assert take_lead_of_another(db)
    assert yields.wait(30)
    assert not first.leads
    first.close()
