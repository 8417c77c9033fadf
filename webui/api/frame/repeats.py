"""Writes that are repeated (`Idempotency-Key`): done once, and answered as they were the first time."""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Response, request

from scheduler.errors import Conflict, KeyTaken
from scheduler.security.encryption import Undecryptable
from scheduler.security.rights import Grant
from scheduler.store.engine import Session
from scheduler.store.kept_answers import MOST, KeptAnswer, claim_key, count_kept, find_kept, keep_answer
from scheduler.store.transaction import after_commit
from webui.context import asker, now, web
from webui.problems import CONTENT_TYPE, Fault, Unprocessable

HEADER: Final = "Idempotency-Key"
#: Says of an answer that it is that of a repetition.
REPLAYED: Final = "Idempotent-Replayed"
LONGEST: Final = 255
#: An answer that is longer when packed is not kept.
LARGEST: Final = 64 * 1024
#: Seconds until a repetition may find the answer.
RETRY_S: Final = 1
#: A write that was not answered so long after it was begun may have lost its server on the way.
ANSWERED_WITHIN: Final = timedelta(minutes=2)
_KEY: Final = re.compile(rf"[ -~]{{1,{LONGEST}}}")


@dataclass(slots=True)
class Repeatable:
    """A write that its caller may repeat."""

    key: str
    account: str
    digest: str
    is_done: bool = False

    def claim(self, session: Session) -> None:
        """Take the key in the transaction of the write; in the first, where there are several. Raises KeyTaken."""
        if self.is_done:
            return
        if not claim_key(session, now(), self.key, self.account, self.digest):
            raise KeyTaken(
                f"A request with this {HEADER} is being answered just now: repeat it in a moment.", RETRY_S
            )
        if count_kept(session, self.account) > MOST:
            raise KeyTaken(
                f"{MOST:,} requests of yours with an {HEADER} were answered within a day: send it without."
            )
        after_commit(session, self._note_done)

    def _note_done(self) -> None:
        self.is_done = True

    def keep(self, answer: Response) -> None:
        """Store what the write was answered, where one was done; of what is too long, that it was answered."""
        if not self.is_done:
            return
        packed = b64encode(zlib.compress(answer.get_data())).decode()
        sealed = web().cipher.seal(packed) if len(packed) <= LARGEST else None
        web().db.transact(lambda session: keep_answer(session, self.key, answer.status_code, sealed))


def expected_repeat() -> Repeatable | None:
    """Return what the request's key stands for, None where it has none. Raises Unprocessable."""
    given = request.headers.get(HEADER)
    if given is None or not asker().is_known:  # Strangers are given tokens, which are kept nowhere.
        return None
    if not _KEY.fullmatch(given):
        _refuse(f"is not 1 to {LONGEST} plain characters")
    who = asker()
    where = "\n".join([who.name, request.method, request.path, given])
    asked = b"\n".join([request.query_string, granted(who.grants).encode(), request.get_data()])
    return Repeatable(_hash(where.encode()), who.name, _hash(asked))


def repeated(wanted: Repeatable) -> Response | None:
    """Return what was answered the first time; None: this is it. Raises Unprocessable, KeyTaken and Conflict."""
    with web().db.read() as session:
        kept = find_kept(session, now(), wanted.key)
    if kept is None:
        return None
    if kept.digest != wanted.digest:
        _refuse("was sent with another request before, or with other rights: take a new one")
    return _answer(kept)


def _unanswered(kept: KeptAnswer, now: datetime) -> KeyTaken:
    """Say what is known of a write without an answer: it is under way, its server has ended, or there was too much."""
    began = f"The request with this {HEADER} was begun at {kept.at.isoformat()}"
    if kept.status is not None:
        return KeyTaken(
            f"{began} and answered {kept.status}, at more length than is kept. It is not done again."
        )
    if now - kept.at < ANSWERED_WITHIN:
        return KeyTaken(f"{began} and is being answered: repeat it in a moment.", RETRY_S)
    return KeyTaken(
        f"{began} and has written, and its answer was lost, perhaps on the way. It is not done again: look at what is "
        "there now, and send what is missing with a new key."
    )


def _answer(kept: KeptAnswer) -> Response:
    if kept.status is None or kept.answer is None:
        raise _unanswered(kept, now())
    try:
        text = zlib.decompress(b64decode(web().cipher.unseal(kept.answer)))
    except Undecryptable:
        raise Conflict(
            f"The request with this {HEADER} was carried out, and its answer was sealed with a key that is no more."
        ) from None
    kind = CONTENT_TYPE if kept.status >= 400 else "application/json"
    answer = Response(text, kept.status, content_type=kind)
    answer.headers[REPLAYED] = "true"
    return answer


def granted(grants: Iterable[Grant]) -> str:
    """Return what somebody was granted as text, the same in every process: sets have another order in each."""
    parts = ((sorted(each.rights), each.scope) for each in grants)
    return repr(
        sorted((rights, of.is_all, *map(sorted, (of.dag_ids, of.tags, of.teams))) for rights, of in parts)
    )


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _refuse(why: str) -> Any:  # noqa: ANN401 - never returns
    raise Unprocessable([Fault(("header", HEADER), why, "value_error")])
