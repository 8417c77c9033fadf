"""The ear of a worker: a Celery worker in a thread that hears tickets, and none while there is no free slot.

A paused worker cancels its consumers at the broker. What was already under way to it is put back, so that
another one gets it at once. Why this and not late acknowledgement: docs/decisions/001-tickets.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event, Thread, current_thread
from time import monotonic
from typing import Any, Final

from celery import Celery
from celery.bootsteps import RUN  # type: ignore[attr-defined]
from celery.concurrency.thread import TaskPool
from celery.exceptions import WorkerShutdown
from celery.worker import WorkController
from celery.worker.consumer import Consumer
from kombu.asynchronous import set_event_loop
from kombu.exceptions import OperationalError

from scheduler.dispatch.tickets import RING, TICKET_FORM, publish_ticket, queue_of
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

#: Celery's loops come round at least every 2 s; one that has not for this long hangs.
SILENT_AFTER_S: Final = 30.0
ROUND_S: Final = 2.0
RECONNECT_S: Final = 1.0
#: A consumer that ended of something in the broker that is no message begins again after this.
AGAIN_S: Final = 0.5
REFUSED_POOL: Final = (
    "Dirigent runs attempts in processes of its own and hears tickets with Celery's threads pool: "
    "leave out -P, or use -P threads."
)
_WITHOUT_CHATTER: Final = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}


class TicketPool(TaskPool):
    """Celery's pool of threads, whose threads know their app; else they look for tasks in another one."""

    def __init__(self, *args: Any, app: Celery, **options: Any) -> None:
        super().__init__(*args, app=app, **options)
        self.executor = ThreadPoolExecutor(max_workers=self.limit, initializer=app.set_current)


class TicketConsumer(Consumer):
    """Celery's consumer, with a door that can be shut from any thread."""

    blueprint: Any
    connection: Any
    connection_errors: tuple[type[Exception], ...]
    hub: Any
    task_consumer: Any

    def __init__(self, doorbells: Doorbells, *args: Any, **options: Any) -> None:
        if not isinstance(options["pool"], TaskPool):
            raise SystemExit(REFUSED_POOL)
        # A ticket is handled in microseconds: more than one in hand could only be parked.
        options["initial_prefetch_count"] = 1
        options["worker_options"] = options.get("worker_options", {}) | _WITHOUT_CHATTER
        self._doorbells = doorbells
        super().__init__(*args, **options)

    def ensure_connected(self, conn: Any) -> Any:  # noqa: ANN401 - kombu's connections are untyped
        """Connect, trying for as long as it takes or until the doorbells are stopped."""
        refusals: tuple[type[Exception], ...] = (OperationalError, *self.connection_errors)
        is_refused = False
        while True:
            self.check_in()
            try:
                return conn.connect() and conn
            except refusals as error:
                if not is_refused:
                    log.warning("the broker does not answer, tickets are not heard until it does: %s", error)
                is_refused = True
                self._doorbells.wait_for_stop(RECONNECT_S)

    def create_task_handler(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """Put back what arrives while the door is shut; hand everything else to Celery."""
        receive = super().create_task_handler(*args, **options)

        def on_message(message: Any) -> None:  # noqa: ANN401 - kombu's messages are untyped
            if self._doorbells.hears(self):
                self._receive(receive, message)
            else:
                message.reject_log_error(log, self.connection_errors, requeue=True)

        return on_message

    def _receive(self, receive: Callable[[Any], Any], message: Any) -> None:  # noqa: ANN401 - kombu's messages are untyped
        """Hand a message to Celery; one that it stumbles over is dropped, else it would come again for ever."""
        message.ack_log_error = partial(_acknowledge, message)
        try:
            receive(message)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning("dropped a message that is no ticket: %s", error)
            message.reject_log_error(log, self.connection_errors)

    def on_ready(self) -> None:
        """Run at each (re)connection, when Celery has begun to consume though the door may be shut."""
        super().on_ready()
        if self.hub:
            self.hub.on_tick.add(self.come_round)
        self._doorbells.ready.set()
        self.fit_door()

    def fit_door(self) -> None:
        """Consume or stop consuming, as the doorbells say; on the consumer's own thread only."""
        if self.task_consumer is None:
            return
        if self._doorbells.hears(self):
            self.task_consumer.consume()
        else:
            self.task_consumer.cancel()

    def check_in(self) -> None:
        """Say that the loop came round; ends it when the doorbells were stopped, or gave this consumer up."""
        if self.blueprint.state == RUN:
            self._doorbells.note_progress(self)

    def come_round(self) -> None:
        """Say that the loop came round, with a broker that answers."""
        self.check_in()
        self._doorbells.pulse.beat()

    def perform_pending_operations(self) -> None:
        """Run what other threads asked for; Celery's loop without a hub calls this each time round."""
        self.come_round()
        super().perform_pending_operations()

    def call_soon(self, p: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as Celery declares it
        """Run a callback on the consumer's thread, waking it where it waits."""
        promise: Any = super().call_soon(p, *args, **options)
        wake = getattr(self.connection and self.connection.transport, "wake", None)
        if wake is not None:
            wake()
        return promise


def _acknowledge(message: Any, logger: logging.Logger, errors: Any, multiple: bool = False) -> None:  # noqa: ANN401 - kombu's
    """Acknowledge a ticket; an error ends the connection, and the next one hears again.

    Celery would only log it, and the message would keep the one place there is for messages in hand: deaf for ever.
    """
    message.ack(multiple=multiple)


class Doorbells:
    """Hears tickets for some queues and calls `on_ring(queue)` for each, from a thread of Celery's.

    `on_ring` must return quickly. It may be called once more while `pause()` is taking effect: a worker
    that hears a ticket without a free slot rings again for the others.
    """

    def __init__(self, celery: Celery, queues: Collection[str], on_ring: Callable[[str], None]) -> None:
        self._celery = celery
        self._queues = frozenset(queues)
        self._on_ring = on_ring
        self._consumer: TicketConsumer | None = None
        self._thread: Thread | None = None
        self._progress_at = monotonic()
        self._stopping = Event()
        #: Its own until whoever runs the worker gives it one.
        self.pulse = Vitals().watch("tickets", ROUND_S)
        self.ready = Event()
        self.is_paused = False
        celery.conf.task_queues = [queue_of(name) for name in sorted(queues)]
        celery.conf.worker_consumer = self.make_consumer
        # Shared tasks would be bound to every other app of this process too.
        celery.task(name=RING, shared=False)(self._hear)

    def watch_over(self, vitals: Vitals) -> None:
        """Have the progress of the loop watched."""
        self.pulse = vitals.watch("tickets", ROUND_S)

    def start(self) -> None:
        """Hear in a thread; `ready` is set when the broker has accepted the consumer."""
        self._progress_at = monotonic()
        self._thread = Thread(target=self._run, name="dirigent-doorbells", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Hear no more: tickets go to other workers. Takes effect at once, from any thread."""
        self._set_paused(True)

    def resume(self) -> None:
        """Hear again."""
        self._set_paused(False)

    def stop(self) -> None:
        """Stop hearing; returns when the thread has ended."""
        self._stopping.set()
        if self._consumer is not None:
            self._consumer.call_soon(self._consumer.check_in)
        if self._thread is not None:
            self._thread.join()

    def watch(self, now: float) -> bool:
        """Give up a loop that has made no progress for `SILENT_AFTER_S` and start another.

        Returns whether it did. `now` is monotonic. To be called now and then by whoever runs the worker.
        """
        if self._thread is None or now - self._progress_at < SILENT_AFTER_S:
            return False
        log.error("the consumer of tickets has hung for %d s; another takes over", now - self._progress_at)
        self._consumer = None
        self.ready.clear()
        self.start()
        return True

    def hears(self, consumer: TicketConsumer) -> bool:
        """Return whether this consumer may take tickets."""
        return consumer is self._consumer and not self.is_paused

    def note_progress(self, consumer: TicketConsumer) -> None:
        """Remember that the loop came round; raises WorkerShutdown in a loop that is to end."""
        if consumer is not self._consumer:
            raise WorkerShutdown(0)
        self._progress_at = monotonic()
        self.pulse.turn()
        self.wait_for_stop(0)

    def wait_for_stop(self, timeout: float) -> None:
        """Wait, but raise WorkerShutdown as soon as `stop()` was called."""
        if self._stopping.wait(timeout):
            raise WorkerShutdown(0)

    def _run(self) -> None:
        """Hear until stopped or given up; what ends Celery's worker before that was put there by somebody."""
        while self._thread is current_thread() and not self._stopping.is_set():
            # Celery keeps its event loop in a global: one that was given up must not be found again.
            set_event_loop(None)
            WorkController(app=self._celery, pool_cls=TicketPool, concurrency=1).start()
            self._stopping.wait(AGAIN_S)

    def make_consumer(self, *args: Any, **options: Any) -> TicketConsumer:
        """Build the consumer that hears from now on; Celery calls this."""
        self._consumer = TicketConsumer(self, *args, **options)
        return self._consumer

    def _hear(self, queue: str = "", *_: object, form: int = TICKET_FORM, **_more: object) -> None:
        if form != TICKET_FORM:
            log.info("a ticket of form %.20r, not %s: whatever it says, there is work", form, TICKET_FORM)
            self._on_ring(queue)
        elif queue not in self._queues:
            log.warning("dropped a ticket for queue %.100r, which this worker does not serve", queue)
        elif self.is_paused:
            publish_ticket(self._celery, queue)
        else:
            self._on_ring(queue)

    def _set_paused(self, paused: bool) -> None:
        if self.is_paused != paused:
            self.is_paused = paused
            if self._consumer is not None:
                self._consumer.call_soon(self._consumer.fit_door)


class HostedDoorbells(Doorbells):
    """Doorbells in a worker that Celery's own command started: it runs the loop, and ends it."""

    def start(self) -> None:
        """Leave it to Celery."""

    def stop(self) -> None:
        """Leave it to Celery."""

    def watch(self, now: float) -> bool:
        """Leave it to Celery."""
        return False
