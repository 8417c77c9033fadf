import os
import signal
import sys
import threading

import pytest

from scheduler.cli.parts.signals import stop_on_signal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop(number):
    with stop_on_signal() as stop:
        os.kill(os.getpid(), number)

        assert stop.wait(10)


def test_a_signal_that_another_thread_received_wakes_the_one_that_waits():
    started, over, main = threading.Event(), threading.Event(), threading.get_ident()

    def receive() -> None:
        started.wait()
        while sys._current_frames()[main].f_code.co_name != "wait":
            os.sched_yield()
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        over.wait()

    with stop_on_signal() as stop:
        other = threading.Thread(target=receive)
        other.start()
        started.set()
        is_asked = stop.wait(10)
        over.set()
        other.join()
    assert is_asked


@pytest.fixture
def usual_ctrl_c():
    """A shell that starts tests in the background has Ctrl-C ignored in them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual_ctrl_c")
def test_the_second_ctrl_c_interrupts():
    with stop_on_signal() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(10)

        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signal():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before
