import sqlalchemy as sa

from scheduler.store import logs
from scheduler.store.tables import attempt
from tests.operations.plays import started_run


def _attempt(write):
    write(started_run, states={"a": "running"})
    return write(lambda session: session.scalars(sa.select(attempt.c.id)).one())


def test_pieces_come_back_in_order_and_from_where_the_reader_stopped(db, write):
    attempt_id = _attempt(write)
    write(logs.put_chunks, [(attempt_id, 5, b"second"), (attempt_id, 0, b"first")])
    write(logs.put_chunks, [(attempt_id, 20, b"third")])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(0, b"first"), (5, b"second"), (20, b"third")]
        assert logs.read_chunks(session, attempt_id, offset=7) == [(5, b"second"), (20, b"third")]
        assert logs.read_chunks(session, attempt_id, offset=11) == [(20, b"third")]
        assert logs.read_chunks(session, attempt_id, offset=25) == []
        assert logs.read_chunks(session, attempt_id, limit=1) == [(0, b"first")]
        assert logs.log_end(session, attempt_id) == 25


def test_a_log_whose_beginning_is_gone_is_read_from_what_is_left(db, write):
    attempt_id = _attempt(write)
    write(logs.put_chunks, [(attempt_id, 100, b"tail")])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(100, b"tail")]


def test_a_piece_that_is_sent_twice_is_kept_once(db, write):
    attempt_id = _attempt(write)
    for data in (b"first", b"again"):
        write(logs.put_chunks, [(attempt_id, 0, data)])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(0, b"first")]


def test_the_log_of_an_attempt_that_was_deleted_does_not_hold_up_the_others(db, write):
    attempt_id = _attempt(write)
    write(logs.put_chunks, [(attempt_id, 0, b"kept"), (attempt_id + 1, 0, b"late")])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(0, b"kept")]
        assert logs.read_chunks(session, attempt_id + 1) == []


def test_pieces_are_dropped_one_by_one_or_all_together(db, write):
    attempt_id = _attempt(write)
    write(logs.put_chunks, [(attempt_id, start, b"12345") for start in (0, 5, 10)])
    write(logs.drop_chunks, [(attempt_id, 5)])
    with db.read() as session:
        assert logs.read_chunks(session, attempt_id) == [(0, b"12345"), (10, b"12345")]
    write(logs.delete_logs, [attempt_id])
    with db.read() as session:
        assert logs.log_end(session, attempt_id) is None


def test_an_attempt_without_a_log_has_none(db, write):
    write(logs.put_chunks, [])
    write(logs.drop_chunks, [])
    with db.read() as session:
        assert logs.read_chunks(session, 1) == []
        assert logs.log_end(session, 1) is None
