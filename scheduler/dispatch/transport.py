"""A Celery broker inside the process: `inproc://<name>`. Consumers wait on a condition; nothing polls.

Kombu's own memory transport sleeps between polls: a short interval costs a share of a core for ever, a long
one delays every ticket. Here a message wakes the consumer, and an idle consumer costs nothing until its
timeout.
"""

from __future__ import annotations

import socket
from collections import deque
from queue import Empty
from threading import Condition
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from kombu.transport import TRANSPORT_ALIASES, virtual

SCHEME: Final = "inproc"


class Broker:
    """The queues behind one address, shared by all connections of this process to it."""

    def __init__(self) -> None:
        self.state = virtual.BrokerState()
        self._queues: dict[str, deque[Any]] = {}
        self._changed = Condition()
        self._version = 0

    @property
    def version(self) -> int:
        """Return a number that rises with each message and each wake-up."""
        return self._version

    def has(self, queue: str) -> bool:
        """Return whether the queue was declared or ever held a message."""
        return queue in self._queues

    def declare(self, queue: str) -> None:
        """Make the queue unless it is there."""
        with self._changed:
            self._queues.setdefault(queue, deque())

    def put(self, queue: str, message: Any) -> None:  # noqa: ANN401 - kombu's messages are untyped
        """Append a message and wake the consumers."""
        with self._changed:
            self._queues.setdefault(queue, deque()).append(message)
        self.wake()

    def get(self, queue: str) -> Any:  # noqa: ANN401 - kombu's messages are untyped
        """Take the oldest message; raises queue.Empty where there is none."""
        with self._changed:
            messages = self._queues.get(queue)
            if not messages:
                raise Empty
            return messages.popleft()

    def size(self, queue: str) -> int:
        """Return how many messages wait."""
        return len(self._queues.get(queue, ()))

    def purge(self, queue: str) -> int:
        """Drop all messages of the queue; return how many there were."""
        with self._changed:
            messages = self._queues.get(queue, deque())
            count = len(messages)
            messages.clear()
            return count

    def delete(self, queue: str) -> None:
        """Drop the queue with its messages."""
        with self._changed:
            self._queues.pop(queue, None)

    def wake(self) -> None:
        """Make every waiting consumer look again."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def wait(self, version: int, timeout: float | None) -> bool:
        """Wait until the version differs from `version`; return false when the time ran out first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._version != version, timeout)


_brokers: Final[dict[str, Broker]] = {}


def broker_at(name: str) -> Broker:
    """Return the broker of that name in this process."""
    return _brokers.setdefault(name, Broker())


def waiting_at(url: str, queue: str) -> int:
    """Return how many messages wait in a queue of the broker at this address; 0 where it is another kind."""
    parts = urlsplit(url)
    if parts.scheme != SCHEME:
        return 0
    return broker_at(parts.hostname or Transport.default_host).size(queue)


class Channel(virtual.Channel):
    """A channel whose queues are those of its connection's broker."""

    supports_fanout = False

    @property
    def broker(self) -> Broker:
        """Return the broker that this channel speaks to."""
        broker: Broker = self.connection.broker  # type: ignore[attr-defined]
        return broker

    def _has_queue(self, queue: str, **_: Any) -> bool:
        return self.broker.has(queue)

    def _new_queue(self, queue: str, **_: Any) -> None:
        self.broker.declare(queue)

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # noqa: ANN401 - as kombu declares it
        self.broker.put(queue, message)

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ANN401 - as kombu declares it
        return self.broker.get(queue)

    def _size(self, queue: str) -> int:
        return self.broker.size(queue)

    def _purge(self, queue: str) -> int:
        return self.broker.purge(queue)

    def _delete(self, queue: str, *_: Any, **__: Any) -> None:
        self.broker.delete(queue)


class Transport(virtual.Transport):
    """The transport of `inproc://`: delivery as soon as a message is put, in the order of putting."""

    Channel = Channel
    driver_type = SCHEME
    driver_name = SCHEME
    default_host = "localhost"

    def __init__(self, client: Any, **options: Any) -> None:  # noqa: ANN401 - as kombu declares it
        super().__init__(client, **options)
        self.broker = broker_at(client.hostname or self.default_host)
        self.state = self.broker.state
        self._is_woken = False

    def driver_version(self) -> str:
        """Return a version for Celery's reports."""
        return "1"

    def wake(self) -> None:
        """Make the thread that drains this connection return at once, as if its time had run out."""
        self._is_woken = True
        self.broker.wake()

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:  # noqa: ANN401
        """Deliver one message; raises TimeoutError when none came in time, or when woken."""
        deadline = None if timeout is None else monotonic() + timeout
        while not self._take_wake():
            version = self.broker.version
            try:
                self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[union-attr]
            except Empty:
                remaining = None if deadline is None else deadline - monotonic()
                if not self.broker.wait(version, remaining):
                    break
            else:
                return
        raise socket.timeout  # noqa: UP041 - the name that Celery's loop catches

    def _take_wake(self) -> bool:
        is_woken, self._is_woken = self._is_woken, False
        return is_woken


def register() -> None:
    """Make `inproc://` known to kombu."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
