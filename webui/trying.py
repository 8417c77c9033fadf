"""Trying a connection out before it is used: in a process of its own (`WebContext.trials`), and on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeAlias

from scheduler.errors import Forbidden
from scheduler.operations.connection_trials import ask_trial
from scheduler.operations.connections import check_connection, note_trial
from scheduler.security.rights import Right
from scheduler.store.connections import Connection, get_connection
from scheduler.store.engine import Session
from scheduler.store.teams import teams_of
from webui.context import ConnectionTrials, actor, asker, now, web, writing
from webui.owning import check_owned, owner_of_new
from webui.tongues.speaking import gettext

#: What whoever has a connection tried out needs: it is sent with its secrets to where they say.
RIGHTS = (Right.CONNECTION_TEST, Right.CONNECTION_EDIT)
#: Makes of what is stored, if there is something, what is to be tried out.
Wanted: TypeAlias = Callable[[Connection | None], Connection]


def try_out(conn_id: str, wanted: Wanted) -> tuple[bool, str]:
    """Try out what `wanted` makes of the connection that is stored, if there is one; nothing is stored but an event.

    Returns whether it works, and what was said of it. Raises Forbidden where this is off, NotFound for a connection of
    another team, BadName, BadConnection, TooMuchAtOnce.
    """
    trials = _trials()
    # Not narrowed: what another team owns is to be refused, not taken for something new.
    with web().db.read() as session:
        connection = _meant(session, conn_id, wanted)
    check_connection(connection)
    is_ok, message = trials.try_out(asdict(connection))
    writing(lambda session: note_trial(session, now(), conn_id, is_ok=is_ok, actor=actor()))
    return is_ok, message


def have_tried_out(conn_id: str, wanted: Wanted, *, queue: str, is_kept: bool, team: str | None) -> str:
    """Have a worker of a queue try out what `wanted` makes of what is stored; return the token that finds the answer.

    With `is_kept` it is stored where it works. Raises as `try_out` does, and Conflict.
    """
    _trials()

    def ask(session: Session) -> str:
        connection = _meant(session, conn_id, wanted)
        owner = _owner(session, conn_id, team)
        cipher, account = web().cipher, asker().name
        return ask_trial(
            session, now(), cipher, connection, account=account, queue=queue, is_kept=is_kept, team=owner
        )

    return writing(ask)


def _trials() -> ConnectionTrials:
    trials = web().trials
    if trials is None:
        raise Forbidden(
            gettext(
                "Connections are not tried out here: DIRIGENT_CONNECTION_TEST is off. "
                "A task that uses one tells whether it works."
            )
        )
    return trials


def _meant(session: Session, conn_id: str, wanted: Wanted) -> Connection:
    for right in RIGHTS:
        check_owned(session, "connection", conn_id, right)
    return wanted(get_connection(session, web().cipher, conn_id))


def _owner(session: Session, conn_id: str, team: str | None) -> str | None:
    """Return whose the connection is, or is to be. Raises Forbidden where it is another's than is said."""
    owners = teams_of(session, "connection", [conn_id])
    if conn_id not in owners:
        return owner_of_new("connection", conn_id, Right.CONNECTION_EDIT, team)
    if team not in (None, owners[conn_id]):
        raise Forbidden(f"Connection {conn_id!r} is not of team {team!r}.")
    return owners[conn_id]
