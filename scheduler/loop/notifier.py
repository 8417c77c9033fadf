"""Sends the messages of the outbox through Apprise: mail, chat, webhooks. Loaded only where there is a channel.

A message is sent by one process at a time, which claims it; each channel has a thread of its own while it has something
to send, so that one that hangs holds up no other. A message goes out at least once: whoever dies between the sending
and its record leaves it to be sent again, with the same id in it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import Final

from scheduler import failpoints
from scheduler.clock import Clock
from scheduler.errors import DirigentError
from scheduler.failpoints import Spot
from scheduler.loop.courier import Courier
from scheduler.store.engine import Database, Session
from scheduler.store.outbox import Message, claim_messages, due_channels, note_failed, note_sent
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

#: A sender that dies in the middle is given up after so long, and its messages go out again.
SENDING_FOR: Final = timedelta(minutes=2)
#: A sending that takes longer counts as failed, though nothing can end it; the channel waits until it has ended.
PATIENCE_S: Final = 60.0
POLL_S: Final = 5.0
#: Between two looks: a busy server is woken more often than people can read.
SPACING_S: Final = 0.2
#: How long a stop waits for what is under way.
STOPS_IN_S: Final = 5.0


class Notifier:
    """A thread that looks for what is due, and one for each channel that has something to send."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        addresses: Mapping[str, str],
        page_url: str,
        vitals: Vitals | None = None,
    ) -> None:
        """Raises BadSetting for an address that Apprise does not understand, named by its channel: it holds secrets."""
        self._db = db
        self._clock = clock
        self._lanes = [_Lane(self, Courier(name, address, page_url)) for name, address in addresses.items()]
        self._pulse = (vitals or Vitals()).watch("messages", POLL_S)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the messages that are under way; one that hangs is not waited for."""
        self._stopping.set()
        self._db.wake.set()
        self._thread.join(STOPS_IN_S)
        until_s = self._clock.monotonic() + STOPS_IN_S
        for lane in self._lanes:
            lane.join(max(0.0, until_s - self._clock.monotonic()))

    def send_due(self) -> int:
        """Have the messages sent whose time has come; return how many channels there are that have some."""
        idle = {lane.name: lane for lane in self._lanes if lane.is_idle()}
        if not idle:
            return 0
        now = self._clock.now()
        with self._db.read() as session:
            due = due_channels(session, now, idle)
        for name in sorted(due):
            idle[name].begin()
        return len(due)

    def wait(self) -> None:
        """Wait until what was begun is sent."""
        for lane in self._lanes:
            lane.join(None)

    def claim(self, channel: str) -> Message | None:
        """Take the next message to a channel, so that no other process sends it too; None: there is none."""
        if self._stopping.is_set():
            return None
        now = self._clock.now()
        found = self._db.transact(
            lambda session: claim_messages(session, now, 1, now + SENDING_FOR, [channel])
        )
        return found[0] if found else None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._pulse.turn()
            try:
                self.send_due()
                self._pulse.beat()
            except DirigentError as error:
                log.warning("notifier: %s", error)
            except Exception:
                log.exception("notifier: messages could not be sent; they are tried again")
            self._db.wake.wait(POLL_S)
            self._stopping.wait(SPACING_S)

    def note(self, message: Message, error: str) -> None:
        """Record how a sending went."""
        self._db.transact(lambda session: self._note(session, message, error))

    def _note(self, session: Session, message: Message, error: str) -> None:
        now = self._clock.now()
        if error:
            log.warning("message %s to channel %s was not sent: %s", message.id, message.channel, error)
            note_failed(session, now, message, error)
        else:
            note_sent(session, now, message.id)

    def monotonic(self) -> float:
        """Return the seconds of a clock that nobody sets."""
        return self._clock.monotonic()


class _Lane:
    """One channel: what it sends now, in a thread of its own, and since when."""

    def __init__(self, notifier: Notifier, courier: Courier) -> None:
        self.name = courier.channel
        self._notifier = notifier
        self._courier = courier
        self._lock = Lock()
        self._thread: Thread | None = None
        self._is_busy = False
        self._message: Message | None = None
        self._began_s = 0.0

    def begin(self) -> None:
        """Send what is due, one message after the other."""
        self._is_busy = True
        self._thread = Thread(target=self._drain, name=f"notifier {self.name}", daemon=True)
        self._thread.start()

    def is_idle(self) -> bool:
        """Tell whether it can send; a message that hangs is given up, once, and its channel waits for its end."""
        if self._is_busy and (message := self._take_hanging()):
            self._notifier.note(message, f"there was no answer within {PATIENCE_S:g} s")
        return not self._is_busy

    def join(self, timeout_s: float | None) -> None:
        """Wait until it has sent what it has."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _drain(self) -> None:
        try:
            while (message := self._notifier.claim(self.name)) and self._send(message):
                pass
        except DirigentError as error:
            log.warning("notifier: %s", error)
        except Exception:
            log.exception("notifier: channel %s failed; its messages are tried again", self.name)
        finally:
            self._is_busy = False

    def _send(self, message: Message) -> bool:
        """Send one and record it; false where it failed after it had been given up."""
        with self._lock:
            self._message, self._began_s = message, self._notifier.monotonic()
        failpoints.reach(Spot.MESSAGE)
        error = self._courier.send(message.payload)
        failpoints.reach(Spot.MESSAGE_SENT)
        if not self._take_back() and error:
            return False
        self._notifier.note(message, error)
        return True

    def _take_back(self) -> bool:
        """Tell whether the message is still this thread's to record: nobody has given it up."""
        with self._lock:
            message, self._message = self._message, None
        return message is not None

    def _take_hanging(self) -> Message | None:
        """Return the message that has hung for too long, the first time."""
        with self._lock:
            if self._message is None or self._notifier.monotonic() - self._began_s < PATIENCE_S:
                return None
            message, self._message = self._message, None
        return message
