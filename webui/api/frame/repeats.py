"""Writes that are repeated (`Idempotency-Key`): done once, and answered as they were the first time."""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from scheduler.errors import Conflict
from scheduler.security.encryption import Undecryptable
from scheduler.security.rights import Grant
from scheduler.store.engine import Session
from scheduler.store.kept_answers import MOST, KeptAnswer, claim_key, count_kept, find_kept, keep_answer
from scheduler.store.transaction import after_commit
from webui.context import asker, now, web
from webui.problems import Fault, Unprocessable

HEADER: Final = "Idempotency-Key"
#: Says of an answer that it is that of a repetition.
REPLAYED: Final = "Idempotent-Replayed"
LONGEST: Final = 255
#: An answer that is longer when packed is not kept.
LARGEST: Final = 64 * 1024
_KEY: Final = re.compile(rf"[ -~]{{1,{LONGEST}}}")


@dataclass(slots=True)
class Repeatable:
    """A write that its caller may repeat."""

    key: str
    account: str
    digest: str
    is_done: bool = False

    def claim(self, session: Session) -> None:
        """Take the key in the transaction of the write; in the first, where there are several. Raises Conflict."""
        if self.is_done:
            return
        if not claim_key(session, now(), self.key, self.account, self.digest):
            raise Conflict(f"A request with this {HEADER} is being answered just now: repeat it in a moment.")
        if count_kept(session, self.account) > MOST:
            raise Conflict(
                f"{MOST:,} requests of yours with an {HEADER} were answered within a day: send it without."
            )
        after_commit(session, self._note_done)

    def _note_done(self) -> None:
        self.is_done = True

    def keep(self, answer: Response) -> None:
        """Store what the write was answered, where one was done."""
        packed = b64encode(zlib.compress(answer.get_data())).decode()
        if self.is_done and len(packed) <= LARGEST:
            sealed = web().cipher.seal(packed)
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
    """Return what was answered the first time; None: this is it. Raises Unprocessable and Conflict."""
    with web().db.read() as session:
        kept = find_kept(session, now(), wanted.key)
    if kept is None:
        return None
    if kept.digest != wanted.digest:
        _refuse("was sent with another request before, or with other rights: take a new one")
    if kept.status is None or kept.answer is None:
        raise Conflict(
            f"The request with this {HEADER} was carried out at {kept.at.isoformat()}, and its answer is not known "
            "(yet): repeat it in a moment, or look at what is there now."
        )
    return _answer(kept)


def _answer(kept: KeptAnswer) -> Response:
    try:
        text = zlib.decompress(b64decode(web().cipher.unseal(kept.answer or b"")))
    except Undecryptable:
        raise Conflict(
            f"The request with this {HEADER} was carried out, and its answer was sealed with a key that is no more."
        ) from None
    answer = Response(text, kept.status, content_type="application/json")
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
