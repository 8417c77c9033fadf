"""One of several schedulers leads; a real service in a thread hands the lead on."""

from __future__ import annotations

from threading import Event

from scheduler.clock import SystemClock
from scheduler.loop.effects import Effects
from scheduler.loop.service import ROLE, Service
from scheduler.store.leaders import give_up_lead, take_lead


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
