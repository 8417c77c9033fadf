"""The stream that tells an open page when to look again: see `webui.live`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from flask import Blueprint, Response, current_app, g, request

from scheduler.core.scopes import Sight, sight_of
from scheduler.errors import Forbidden
from scheduler.operations.sign_in import find_asker
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import dags
from webui.context import asker, reading, sight, web
from webui.live.hub import Hub, Watcher
from webui.live.wishes import Wish
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("live", __name__)

#: Where the server has put what makes an answer one that does not end.
_HAND_OVER = "dirigent.hand_over"
#: Pages that one account has open at once; further ones ask now and then, as where there is no stream.
MOST: Final = 500


def hub() -> Hub:
    """Return the reader of this application's open pages."""
    return cast(Hub, current_app.extensions["dirigent.hub"])


@blueprint.get("/ui/live")
@needs(Right.DAG_READ)
def show() -> Response:
    """Tell, until the page is left, of changes in a DAG, in one run of it, or anywhere; of people only."""
    if not g.session_token:
        raise Forbidden("A stream is for an open page; a program with a token asks the API.")
    wish = Wish(request.args.get("dag", ""), request.args.get("run", ""))
    if wish.dag_id:
        with reading() as session:
            dags.find_dag(session, wish.dag_id)
    hand_over: Callable[[Any], bool] = request.environ.get(_HAND_OVER, lambda feed: False)
    if hub().count_of(asker().name) >= MOST or not hand_over(_watcher(wish)):
        return Response("Ask again instead: there are too many streams.", 503, content_type="text/plain")
    answer = Response(iter(()), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _watcher(wish: Wish) -> Watcher:
    token, clock = g.session_token, web().clock

    def look(session: Session) -> Sight | None:
        found = find_asker(session, clock.now(), token)
        return None if found is None else sight_of(found.asker.scope_of(Right.DAG_READ))

    after = request.headers.get("Last-Event-ID", type=number)
    return Watcher(hub(), wish, after, sight(), look, asker().name)
