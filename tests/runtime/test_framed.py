"""A socket of frames ends when its other side does."""

from __future__ import annotations

import socket
from queue import SimpleQueue

import pytest

from scheduler.clock import SystemClock
from scheduler.runtime.supervisor.framed import FramedSocket
from scheduler.runtime.supervisor.reactor import Reactor


@pytest.fixture
def reactor():
    reactor = Reactor(SystemClock())
    reactor.start()
    yield reactor
    reactor.close()


def test_a_child_that_died_before_it_read_its_job_just_ended(reactor):
    ours, theirs = socket.socketpair()
    faults: SimpleQueue[str] = SimpleQueue()

    def converse() -> None:
        FramedSocket(reactor, ours, on_message=print, on_end=faults.put).send({"job": 1})
        theirs.close()

    reactor.post(converse)
    assert faults.get(timeout=30) == ""
