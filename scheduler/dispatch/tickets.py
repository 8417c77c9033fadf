"""Tickets on their way out: the Celery app that carries them, and the publisher that the planner rings."""

from __future__ import annotations

import logging
from collections.abc import Collection
from threading import Condition, Thread
from typing import Any, Final, TypeAlias

from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError

from scheduler.config import Settings, default_slots, without_password
from scheduler.dispatch import transport
from scheduler.dispatch.broker_tls import split_tls
from scheduler.errors import BrokerUnavailable
from scheduler.failpoints import Spot, reach
from scheduler.metrics import instruments as meter
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

#: The app that carries tickets, for those who pass it on without knowing Celery.
CeleryApp: TypeAlias = Celery

RING: Final = "dirigent.ring"
#: The form of a ticket. Whatever its form, it says that there is work: who cannot read it looks all the same.
TICKET_FORM: Final = 1
QUEUE_PREFIX: Final = "dirigent."
CONNECT_TIMEOUT_S: Final = 4.0
LONGEST_PAUSE_S: Final = 5.0
#: Whoever has nothing to publish says so this often, in seconds.
REST_S: Final = 5.0
#: What publishing may raise: kombu wraps the errors of its transports in OperationalError, which is no
#: OSError.
BROKER_ERRORS: Final = (OperationalError, OSError)


# One line a ticket, and one for each that was put back, would drown everything else.
for _chatty in ("celery.worker.strategy", "celery.app.trace"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)
logging.getLogger("kombu.transport.virtual.base").setLevel(logging.ERROR)


def queue_of(name: str) -> Queue:
    """Return the broker's queue for a queue of tasks: durable, so that it outlives its consumers."""
    full = QUEUE_PREFIX + name
    return Queue(full, routing_key=full, durable=True)


def create_celery(settings: Settings) -> Celery:
    """Build the app that carries tickets over the broker of the settings; nothing connects yet.

    Raises BadSetting where the address asks for TLS in words that mean nothing.
    """
    transport.register()
    url, tls = split_tls(settings.broker_url)
    celery = Celery("dirigent", broker=url, set_as_current=False)
    celery.conf.update(_CONF, task_default_queue=QUEUE_PREFIX + "default", broker_use_ssl=tls)
    celery.conf.broker_transport_options = _transport_options(settings.broker_url)
    celery.conf.worker_concurrency = settings.parallelism or default_slots()
    return celery


_CONF: Final[dict[str, Any]] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_ignore_result": True,
    "task_acks_late": False,
    "worker_pool": "threads",
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "worker_hijack_root_logger": False,
    "worker_enable_remote_control": False,
    "worker_detect_quorum_queues": False,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "broker_connection_timeout": CONNECT_TIMEOUT_S,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}


def _transport_options(url: str) -> dict[str, Any]:
    if not url.startswith(("redis", "sentinel")):
        return {}
    return {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "retry_on_timeout": False,
    }


def check_broker(celery: Celery) -> None:
    """Connect once; raises BrokerUnavailable with the address and the remedy."""
    with celery.connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=int(CONNECT_TIMEOUT_S))
        except BROKER_ERRORS as error:
            address = without_password(celery.conf.broker_url)
            raise BrokerUnavailable(
                f"The broker at {address} cannot be reached ({error}); start it, or set DIRIGENT_BROKER_URL."
            ) from error


def publish_ticket(celery: Celery, queue: str) -> None:
    """Put one ticket on the broker; raises one of BROKER_ERRORS."""
    target: Any = queue_of(queue)  # a Queue is declared where it is missing; the stubs know names only
    form = {"form": TICKET_FORM}
    celery.send_task(RING, (queue,), form, queue=target, retry=False, ignore_result=True)


class CeleryPublish:
    """Rings from a thread of its own, so that a slow or dead broker never holds up whoever rings.

    Rings for one queue that arrive while another is on its way become one. A broker that cannot be reached is
    logged once and tried again until it answers; what is lost meanwhile, the deadline of queued attempts
    makes good.
    """

    def __init__(self, celery: Celery, vitals: Vitals | None = None) -> None:
        self._celery = celery
        self._url = str(celery.conf.broker_url)
        self._queues: set[str] = set()
        self._changed = Condition()
        self._is_closing = False
        self._failures = 0
        self._pulse = (vitals or Vitals()).watch("publisher", REST_S)
        self._thread = Thread(target=self._publish_until_closed, name="dirigent-publish", daemon=True)
        self._thread.start()

    def ring(self, queues: Collection[str]) -> None:
        """Say that these queues have work; returns at once."""
        with self._changed:
            self._queues.update(queues)
            self._changed.notify()

    def close(self) -> None:
        """Stop; rings that are not out yet are dropped."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def _publish_until_closed(self) -> None:
        while True:
            with self._changed:
                while not self._changed.wait_for(lambda: self._is_closing or self._queues, REST_S):
                    self._pulse.beat()
                if self._is_closing:
                    return
                queues, self._queues = self._queues, set()
            self._publish(queues)

    def _publish(self, queues: set[str]) -> None:
        self._pulse.turn()
        try:
            for queue in sorted(queues):
                self._publish_one(queue)
        except BROKER_ERRORS as error:
            self._put_off(queues, error)
        else:
            self._recover()

    def _publish_one(self, queue: str) -> None:
        """Publish, unless a ticket that nobody has taken says the same; only this process's broker can tell."""
        if not transport.waiting_at(self._url, QUEUE_PREFIX + queue):
            reach(Spot.PUBLISH)
            publish_ticket(self._celery, queue)
            meter.note_ticket(queue)
            reach(Spot.PUBLISHED)

    def _put_off(self, queues: set[str], error: Exception) -> None:
        """Keep what could not be published, and wait, longer from failure to failure."""
        if not self._failures:
            log.warning("tickets cannot be published, the broker does not answer: %s", error)
        self._failures += 1
        meter.TICKET_FAILURES.inc()
        with self._changed:
            self._queues |= queues
            self._changed.wait_for(lambda: self._is_closing, min(0.1 * self._failures, LONGEST_PAUSE_S))

    def _recover(self) -> None:
        self._pulse.beat()
        if self._failures:
            log.info("the broker answers again after %d failed attempts to publish", self._failures)
        self._failures = 0
