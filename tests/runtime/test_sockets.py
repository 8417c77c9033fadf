"""Sockets between supervisor and children wait, whatever time-out others have set for new ones."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from scheduler.runtime.sockets import adopt, open_pair
from scheduler.wire import Job
from tests.runtime.conftest import Crew


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let new sockets of this process time out, as Celery does while it stops."""
    socket.setdefaulttimeout(5.0)
    yield
    socket.setdefaulttimeout(None)


def test_both_ends_of_a_pair_block(hasty: None) -> None:
    pair = open_pair()
    for each in pair:
        assert each.gettimeout() is None
        assert os.get_blocking(each.fileno())
        each.close()


def test_a_socket_that_was_handed_over_blocks(hasty: None) -> None:
    one, other = socket.socketpair()
    assert not os.get_blocking(one.fileno())
    with adopt(one.detach()) as adopted, other:
        assert adopted.gettimeout() is None
        assert os.get_blocking(adopted.fileno())


def test_an_attempt_waits_for_its_answer_though_its_file_lets_sockets_time_out(
    make_crew: Callable[..., Crew],
) -> None:
    def answer(_job: Job | None, _verb: str, _args: dict[str, Any]) -> str:
        Event().wait(0.3)
        return "late"

    crew = make_crew(answer=answer)
    crew.write("""
    import socket
    from scheduler import Variable
    socket.setdefaulttimeout(0.05)
    def task():
        return [Variable.get("word"), socket.getdefaulttimeout()]
    """)
    for _ in range(2):
        outcome = crew.run()
        assert outcome.xcoms["return_value"] == ["late", 0.05], outcome
