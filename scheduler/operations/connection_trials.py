"""Have workers try connections out, from within their network: ask, take, end. Nothing but fields goes with it."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.errors import Conflict, NotFound, TooMuchAtOnce
from scheduler.operations.connections import check_connection, note_trial, set_connection
from scheduler.operations.names import check_name
from scheduler.security.tokens import hash_token, new_token
from scheduler.store.ciphers import Cipher
from scheduler.store.connections import Connection
from scheduler.store.engine import Session
from scheduler.store.teams import give_to_team, teams_of
from scheduler.store.transaction import request_wake
from scheduler.store.trials import (
    NewTrial,
    TakenTrial,
    TrialRow,
    claim_trials,
    count_live,
    end_trial,
    find_trial,
    put_trial,
)

#: Trials that are not over, of all accounts.
MOST: Final = 20
#: And of one: it leaves room for others.
MOST_EACH: Final = 10
#: A trial waits so long for a worker; and one that was taken is over after this time, whatever became of its worker.
WAITS_FOR: Final = timedelta(minutes=1)
TAKES: Final = timedelta(minutes=1)


def ask_trial(
    session: Session,
    now: datetime,
    cipher: Cipher,
    wanted: Connection,
    *,
    account: str,
    queue: str = "default",
    is_kept: bool = False,
    team: str | None = None,
) -> str:
    """Ask the workers of a queue to try a connection out; return the token that finds the answer.

    With `is_kept` it is stored where it works, as the team's. Raises BadName, BadConnection, Conflict where one of that
    name is being tried out, TooMuchAtOnce.
    """
    check_connection(wanted)
    check_name("queue", queue)
    _check_room(session, now, account)
    token = new_token()
    new = NewTrial(
        hash=hash_token(token),
        account=account,
        conn_id=wanted.conn_id,
        team_name=team,
        queue=queue,
        is_kept=is_kept,
        sealed=cipher.seal(json.dumps(asdict(wanted))),
    )
    if not put_trial(session, now, new, now + WAITS_FOR):
        raise Conflict(f"Connection {wanted.conn_id!r} is being tried out already; wait until that is over.")
    request_wake(session)
    return token


def _check_room(session: Session, now: datetime, account: str) -> None:
    own, every = count_live(session, now, account)
    if every >= MOST or own >= MOST_EACH:
        count, whose = (MOST, "") if every >= MOST else (MOST_EACH, " of yours")
        raise TooMuchAtOnce(
            f"{count} connections{whose} are being tried out already; try again in a moment.", 5
        )


def show_trial(session: Session, now: datetime, token: str, *, account: str) -> TrialRow:
    """Return how a trial stands. Raises NotFound, also for one that another account asked for."""
    found = find_trial(session, now, hash_token(token), account)
    if found is None:
        raise NotFound("trial of a connection", token[:80])
    return found


def take_trials(
    session: Session, now: datetime, *, worker_id: str, queues: Collection[str], limit: int
) -> list[TakenTrial]:
    """Take what waits for a worker of these queues."""
    return claim_trials(session, now, worker_id=worker_id, queues=queues, limit=limit, ends_at=now + TAKES)


def fields_of(cipher: Cipher, trial: TakenTrial) -> dict[str, Any]:
    """Return the connection that is to be tried out. Raises DirigentError where it cannot be decrypted."""
    fields: dict[str, Any] = json.loads(cipher.unseal(trial.sealed))
    return fields


def finish_trial(
    session: Session,
    now: datetime,
    cipher: Cipher,
    trial: TakenTrial,
    worker_id: str,
    *,
    is_ok: bool,
    message: str,
) -> None:
    """Write what a trial found, and store the connection where that was asked for; nothing where it is over already."""
    keeps = is_ok and trial.is_kept
    is_owned = keeps and _is_still_theirs(session, trial)
    if keeps and not is_owned:
        message = f"{message} It was not stored: by now there is another of this name."
    if not end_trial(session, trial.hash, worker_id, is_ok=is_ok, message=message):
        return
    actor = f"user:{trial.account}"
    note_trial(session, now, trial.conn_id, is_ok=is_ok, actor=actor)
    if is_owned:
        set_connection(session, now, cipher, Connection(**fields_of(cipher, trial)), actor=actor)
        give_to_team(session, "connection", trial.conn_id, trial.team_name)
    request_wake(session)


def _is_still_theirs(session: Session, trial: TakenTrial) -> bool:
    owners = teams_of(session, "connection", [trial.conn_id])
    return owners.get(trial.conn_id, trial.team_name) == trial.team_name
