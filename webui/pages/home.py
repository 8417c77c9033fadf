"""Now: what failed, what runs, what comes next, how the last day went."""

from __future__ import annotations

from flask import Blueprint, Response

from scheduler.security.rights import Right
from scheduler.store import questions
from scheduler.store.views import dags, home
from scheduler.store.views.backfills import views_under_way
from scheduler.store.views.deploys import newest_deploy
from webui import day
from webui.broken import list_broken
from webui.context import asker, now, reading
from webui.fragments import page
from webui.pages.alerts import unreachable
from webui.rights import may, needs

blueprint = Blueprint("home", __name__)

_FAILED = 8
_ACTIVE = 30
_NEXT = 10
_ASKING = 5
_FAVORITES = 8
_BACKFILLS = 5


@blueprint.get("/")
@needs(Right.DAG_READ)
def show() -> Response:
    """Show the first page."""
    start = day.since(now())
    with reading() as session:
        model = {
            "failed": home.list_failed_runs(session, start, _FAILED),
            "active": home.list_active_runs(session, _ACTIVE),
            "coming": home.list_next_runs(session, _NEXT),
            "day": day.draw(home.list_ended_runs(session, start), start),
            "slots": home.count_slots(session, now()),
            "dag_count": home.count_dags(session),
            "broken": list_broken(session),
            "unreachable": unreachable(session),
            "asking": questions.list_open(session, _ASKING),
            "backfills": views_under_way(session, _BACKFILLS),
            "deployed_at": newest_deploy(session) if may(Right.SERVER_READ) else None,
            "favorites": dags.list_dags(session, dags.DagWanted(favorite_of=asker().name), limit=_FAVORITES),
        }
    return page("home.html", **model)
