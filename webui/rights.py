"""What a view needs, and what whoever asks may see: deny by default.

Every view says which rights it needs (`@needs(Right.DAG_RUN)`); one that says nothing is refused. Where its address
names a DAG, the rights are held against that DAG; one that is out of sight is absent, in the words of what is not
there. What the view then reads (`webui.context.reading`) is narrowed to where whoever asks has all that the view
needs, so a list, a count or a search of it needs no more thought. What acts on a DAG that its address does not name
asks `require` for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, current_app, g, request

from scheduler.errors import Forbidden
from scheduler.security.rights import Right, with_sight
from scheduler.store.absent import no_dag
from scheduler.store.sight import is_in_sight, narrow
from webui.context import asker, sight, web
from webui.tongues.speaking import gettext

V = TypeVar("V", bound=Callable[..., Any])

_DECLARED: Final = "needed_rights"
#: Stands for all DAGs where an address names one.
ANY_DAG: Final = "~"


def needs(*rights: Right) -> Callable[[V], V]:
    """Declare what a view needs, with the rights to see what it changes; nothing: that somebody is signed in."""
    needed = with_sight(rights)

    def declare(view: V) -> V:
        setattr(view, _DECLARED, needed)
        return view

    return declare


def declared(app: Flask, endpoint: str) -> tuple[Right, ...] | None:
    """Return what the view of an endpoint needs, None where it does not say."""
    return declared_by(app.view_functions.get(endpoint))


def declared_by(view: Callable[..., Any] | None) -> tuple[Right, ...] | None:
    """Return what a view needs, None where it does not say."""
    rights: tuple[Right, ...] | None = getattr(view, _DECLARED, None)
    return rights


def check_rights() -> None:
    """Hold what the view needs against who asks. Raises Forbidden, and NotFound for a DAG that is out of sight."""
    rights = declared(current_app, request.endpoint or "")
    if rights is None:
        raise Forbidden("This page does not say which right it needs, so nobody may use it: its author must.")
    g.rights = rights
    require(*rights, dag_id=(request.view_args or {}).get("dag_id", ANY_DAG))


def require(*rights: Right, dag_id: str = ANY_DAG) -> None:
    """Refuse whoever lacks one of the rights about a DAG. Raises Forbidden, and NotFound for one out of sight."""
    for right in rights:
        if not asker().may(right):
            raise _refusal(right)
    if dag_id == ANY_DAG or not sight(*rights):
        return
    with web().db.read() as session:
        for right in (Right.DAG_READ, *rights):
            if is_in_sight(session, dag_id, sight(right)):
                continue
            narrow(session, sight(Right.DAG_READ))
            raise no_dag(session, dag_id) if right == Right.DAG_READ else _refusal(right, dag_id)


def _refusal(right: Right, dag_id: str = "") -> Forbidden:
    needed = (
        gettext(
            "You may not do this: it needs the right %(right)s about %(dag_id)s.",
            right=right,
            dag_id=repr(dag_id),
        )
        if dag_id
        else gettext("You may not do this: it needs the right %(right)s.", right=right)
    )
    return Forbidden(f"{needed} {gettext('Whoever administers this server can grant it.')}")


def may(right: str, dag_id: str = ANY_DAG) -> bool:
    """Tell whether whoever asks has a right, about a DAG if one is named: for what a page offers."""
    wanted = Right(right)
    if not asker().may(wanted):
        return False
    if dag_id == ANY_DAG or not sight(wanted) or (wanted != Right.DAG_READ and sight(wanted) == sight()):
        # What a page speaks of is in sight already.
        return True
    known: dict[tuple[Right, str], bool] = g.setdefault("known_rights", {})
    if (wanted, dag_id) not in known:
        with web().db.read() as session:
            known[wanted, dag_id] = is_in_sight(session, dag_id, sight(wanted))
    return known[wanted, dag_id]
