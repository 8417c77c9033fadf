"""Trying a connection out before it is used: in a process of its own (`WebContext.trials`), and on record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from scheduler.errors import Forbidden
from scheduler.operations.connections import check_connection, note_trial
from scheduler.security.rights import Right
from scheduler.store.connections import Connection, get_connection
from webui.context import actor, now, web, writing
from webui.owning import check_owned
from webui.tongues.speaking import gettext

#: What whoever has a connection tried out needs: it is sent with its secrets to where they say.
RIGHTS = (Right.CONNECTION_TEST, Right.CONNECTION_EDIT)


def try_out(conn_id: str, wanted: Callable[[Connection | None], Connection]) -> tuple[bool, str]:
    """Try out what `wanted` makes of the connection that is stored, if there is one; nothing is stored but an event.

    Returns whether it works, and what was said of it. Raises Forbidden where this is off, NotFound for a connection of
    another team, BadName, BadConnection, TooMuchAtOnce.
    """
    trials = web().trials
    if trials is None:
        raise Forbidden(
            gettext(
                "Connections are not tried out here: DIRIGENT_CONNECTION_TEST is off. "
                "A task that uses one tells whether it works."
            )
        )
    # Not narrowed: what another team owns is to be refused, not taken for something new.
    with web().db.read() as session:
        for right in RIGHTS:
            check_owned(session, "connection", conn_id, right)
        connection = wanted(get_connection(session, web().cipher, conn_id))
    check_connection(connection)
    is_ok, message = trials.try_out(asdict(connection))
    writing(lambda session: note_trial(session, now(), conn_id, is_ok=is_ok, actor=actor()))
    return is_ok, message
