from scheduler.store import events
from scheduler.store.events import Event
from tests.operations.plays import started_run
from tests.store.specs import NOW


def test_events_of_a_run_come_in_order_and_from_where_the_reader_stopped(db, write):
    run_pk = write(started_run).run_pk
    added = [Event(at=NOW, kind=f"test.{number}", run_pk=run_pk, actor="me") for number in range(3)]
    write(events.append, added)
    with db.read() as session:
        everything = events.list_events(session, run_pk)
        last_two = events.list_events(session, run_pk, after_id=everything[-3][0])
        first = events.list_events(session, run_pk, limit=1)
    assert [event for _, event in everything[-3:]] == added
    assert [event for _, event in last_two] == added[1:]
    assert first == everything[:1]
    assert everything[0][1].kind == "run.state"


def test_appending_nothing_asks_nothing(db):
    with db.count() as count, db.write() as session:
        events.append(session, [])
    assert not [text for text in count.statements if "event" in text]
