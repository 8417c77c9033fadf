"""Sends the messages of the outbox through Apprise: mail, chat, webhooks. Loaded only where an address is set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import quote

from apprise import Apprise, NotifyType

from scheduler.clock import Clock
from scheduler.errors import BadSetting, DirigentError
from scheduler.store.engine import Database, Session
from scheduler.store.outbox import Message, claim_messages, note_failed, note_sent
from scheduler.vitals import Vitals

log = logging.getLogger(__name__)

#: A sender that dies in the middle is given up after so long, and its messages go out again.
SENDING_FOR: Final = timedelta(minutes=2)
POLL_S: Final = 5.0
BATCH: Final = 20


class Notifier:
    """A thread that sends what is due; several processes share the work by claiming messages."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        addresses: Sequence[str],
        page_url: str,
        vitals: Vitals | None = None,
    ) -> None:
        """Raises BadSetting for an address that Apprise does not understand, named by its place: it holds secrets."""
        self._db = db
        self._clock = clock
        self._page_url = page_url
        self._recipients = [_recipient(place, address) for place, address in enumerate(addresses, start=1)]
        self._pulse = (vitals or Vitals()).watch("messages", POLL_S)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="notifier", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the message that is under way."""
        self._stopping.set()
        self._db.wake.set()
        self._thread.join(POLL_S)

    def send_due(self) -> int:
        """Send the messages whose time has come; return how many were tried."""
        now = self._clock.now()
        messages = self._db.transact(lambda session: claim_messages(session, now, BATCH, now + SENDING_FOR))
        for message in messages:
            self._send(message)
            self._pulse.beat()
        return len(messages)

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

    def _send(self, message: Message) -> None:
        place = int(message.payload.get("recipient", 0))
        error = "this recipient is no longer in notify_on_failure"
        if place < len(self._recipients):
            title, body = words_of(message.payload, self._page_url)
            is_sent = self._recipients[place].notify(body=body, title=title, notify_type=NotifyType.FAILURE)
            error = "" if is_sent else "the service did not accept the message"
        self._db.transact(lambda session: self._note(session, message, error))

    def _note(self, session: Session, message: Message, error: str) -> None:
        now = self._clock.now()
        if error:
            log.warning("message %s was not sent: %s", message.id, error)
            note_failed(session, now, message, error)
        else:
            note_sent(session, now, message.id)


def _recipient(place: int, address: str) -> Apprise:
    recipient = Apprise()
    if not recipient.add(address):
        raise BadSetting("DIRIGENT_NOTIFY_ON_FAILURE", f"address {place}", "Apprise does not understand it")
    return recipient


def words_of(payload: Mapping[str, Any], page_url: str) -> tuple[str, str]:
    """Return title and text of a message."""
    dag_id, run_id = payload["dag_id"], payload["dag_run_id"]
    link = f"{page_url}/dags/{quote(dag_id)}/runs/{quote(run_id)}"
    return f"{dag_id} failed", f"Run {run_id} of {dag_id} failed: {payload['reason']}\n{link}"
