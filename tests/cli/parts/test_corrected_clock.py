"""A host whose clock is wrong goes by the database's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.cli.parts.corrected_clock import TOLERANCE, CorrectedClock
from scheduler.clock import SystemClock
from scheduler.store import Database


class Host(SystemClock):
    """A host's clock, `ahead` of the true time."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self):
        return super().now() + self.ahead


def error_of(clock: CorrectedClock) -> timedelta:
    return abs(clock.now() - SystemClock().now())


@pytest.fixture
def db(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'dirigent.db'}")
    yield db
    db.close()


@pytest.mark.parametrize("ahead_s", [300, -300])
def test_a_clock_that_is_minutes_off_is_set_right_and_said_to_be_off(db, caplog, ahead_s):
    clock = CorrectedClock(Host(timedelta(seconds=ahead_s)))
    assert error_of(clock) > timedelta(seconds=290)
    clock.compare(db)
    assert error_of(clock) < TOLERANCE
    assert f"300 s {'ahead of' if ahead_s > 0 else 'behind'} the database's" in caplog.text


def test_a_host_that_keeps_time_is_left_alone(db, caplog):
    host = Host(timedelta(milliseconds=300))
    clock = CorrectedClock(host)
    clock.compare(db)
    assert clock.now() - SystemClock().now() > timedelta(milliseconds=200)
    assert caplog.text == ""


def test_a_host_whose_clock_was_set_right_is_believed_again(db, caplog):
    host = Host(timedelta(seconds=300))
    clock = CorrectedClock(host)
    clock.compare(db)
    host.ahead = timedelta()
    clock.compare(db)
    assert error_of(clock) < TOLERANCE
    assert "right again" in caplog.text


def test_where_the_database_does_not_answer_the_last_comparison_holds(db, tmp_path):
    clock = CorrectedClock(Host(timedelta(seconds=300)))
    clock.compare(db)
    clock.compare(Database(f"sqlite:///{tmp_path}/no/such/folder.db"))
    assert error_of(clock) < TOLERANCE
