"""Children that are forked before they are asked for: how many there are, and what they can reach."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from scheduler.runtime.child.spare import Asked, Stock
from tests.runtime.conftest import Crew

#: How a forked child of these tests ends.
USED, DISMISSED = 7, 0


class Parent:
    """Forks real children, each of which ends once it is told what to become, or that nobody wants it."""

    def __init__(self) -> None:
        self.forked: list[int] = []
        self.stocks: list[Stock] = []

    def stock(self, **options: float) -> Stock:
        self.stocks.append(Stock(self.fork, 1, **options))
        return self.stocks[-1]

    def fork(self, asked: Callable[[], Asked | None]) -> int:
        pid = os.fork()
        if pid == 0:
            os._exit(DISMISSED if asked() is None else USED)
        self.forked.append(pid)
        return pid

    def end_of(self, pid: int) -> int:
        self.forked.remove(pid)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def parent() -> Iterator[Parent]:
    made = Parent()
    yield made
    for stock in made.stocks:
        stock.leave_behind()
    for pid in made.forked:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def test_as_many_spares_are_forked_as_were_missing_in_a_rush(parent: Parent) -> None:
    stock = parent.stock()
    assert stock.is_short
    stock.tend()
    assert len(parent.forked) == 1
    first = stock.use({}, [])
    assert first == parent.forked[0]
    assert parent.end_of(first) == USED
    assert [stock.use({}, []) for _ in range(2)] == [None, None]
    stock.tend()
    assert len(parent.forked) == 3
    assert all(pid in stock for pid in parent.forked)


def test_after_the_rush_all_but_those_at_rest_go(parent: Parent) -> None:
    stock = parent.stock(patience_s=0)
    for _ in range(4):
        stock.use({}, [])
    stock.tend()
    spares = list(parent.forked)
    assert (len(spares), stock.rest_s) == (5, 0)
    stock.tend()
    assert stock.rest_s is None
    assert [pid in stock for pid in spares] == [True, False, False, False, False]
    assert [parent.end_of(pid) for pid in spares[1:]] == [DISMISSED] * 4


def test_there_is_a_limit_to_spares(parent: Parent) -> None:
    stock = parent.stock()
    for _ in range(100):
        assert stock.use({}, []) is None
    stock.tend()
    assert len(parent.forked) == 8


def test_where_a_spare_ends_by_itself_no_more_are_forked(parent: Parent) -> None:
    stock = parent.stock()
    stock.tend()
    stock.give_up(1)
    assert parent.forked[0] in stock
    stock.give_up(parent.forked[0])
    assert not stock.is_short
    assert stock.use({}, []) is None


def test_where_nothing_can_be_forked_whoever_asks_hears_of_it() -> None:
    def fork(_asked: Callable[[], Asked | None]) -> int:
        raise BlockingIOError("too many processes")

    stock = Stock(fork, at_rest=1)
    stock.tend()
    assert not stock.is_short
    assert stock.use({}, []) is None


def test_no_attempt_of_a_rush_holds_a_socket_but_its_own(crew: Crew) -> None:
    crew.write("""
    import os
    def task():
        return sum(os.path.islink(f"/proc/self/fd/{fd}") and os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
                   for fd in os.listdir("/proc/self/fd"))
    """)
    for _ in range(2):
        for _ in range(12):
            crew.launch()
        assert [crew.outcome().xcoms["return_value"] for _ in range(12)] == [1] * 12
