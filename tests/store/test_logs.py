import sqlalchemy as sa

from scheduler.store import logs
from scheduler.store.tables import attempt
from tests.operations.plays import started_run


def _attempt(write):
    write(started_run, states={"a": "running"})
    return write(lambda session: session.scalars(sa.select(attempt.c.id)).one())


def test_pieces_come_back_in_order_and_from_where_the_reader_stopped(db, write):
    attempt_id = _attempt(write)
    write(logs.put_chunks, attempt_id, [(1, b"second"), (0, b"first")])
    write(logs.put_chunks, attempt_id, [(2, b"third")])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(0, b"first"), (1, b"second"), (2, b"third")]
        assert logs.read_chunks(session, attempt_id, from_seq=2) == [(2, b"third")]
        assert logs.read_chunks(session, attempt_id, limit=1) == [(0, b"first")]
        assert logs.log_size(session, attempt_id) == len(b"firstsecondthird")


def test_a_piece_that_is_sent_twice_is_kept_once(db, write):
    attempt_id = _attempt(write)
    for data in (b"first", b"again"):
        write(logs.put_chunks, attempt_id, [(0, data)])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(0, b"first")]


def test_an_attempt_without_a_log_has_none(db, write):
    write(logs.put_chunks, 1, [])
    with db.read() as session:
        assert logs.read_chunks(session, 1) == []
        assert logs.log_size(session, 1) == 0
