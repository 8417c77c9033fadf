"""What a broker does to tickets on its bad days: it forgets them, and delivers them again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import Celery
from kombu import Connection, Producer
from kombu.exceptions import ChannelError

QUEUE = "dirigent.default"
RING = "dirigent.ring"


class Tickets:
    """The tickets of one broker; a connection a call, for brokers come and go here."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._celery = Celery("chaos", broker=url, set_as_current=False)
        self._seen: list[Any] = []

    def empty(self) -> None:
        """Throw away every ticket that waits."""
        with Connection(self._url) as connection:
            self._take(connection)

    def repeat(self, times: int) -> None:
        """Deliver each ticket that waits so many times, and a few that were delivered long ago once more."""
        with Connection(self._url) as connection:
            waiting = self._take(connection)
            self._seen = (self._seen + waiting)[-20:]
            producer = Producer(connection.channel())
            for ticket in [*waiting * times, *self._seen]:
                producer.publish(
                    ticket.body,
                    routing_key=QUEUE,
                    content_type=ticket.content_type,
                    content_encoding=ticket.content_encoding,
                    headers=ticket.headers,
                )

    def ring(self, times: int) -> None:
        """Put new tickets in, though there may be no work."""
        for _ in range(times):
            self._celery.send_task(RING, ("default",), queue=QUEUE, ignore_result=True)

    def _take(self, connection: Connection) -> list[Any]:
        """Take all that wait; none where the queue is not there."""
        found = []
        channel: Any = connection.channel()  # the stubs know no basic_get
        # Nobody may have declared it yet.
        with suppress(ChannelError, *connection.channel_errors):
            while (ticket := channel.basic_get(QUEUE, no_ack=True)) is not None:
                found.append(ticket)
        return found
