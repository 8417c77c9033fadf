"""What the palette finds."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from scheduler.security.rights import Right
from scheduler.store.views import find
from webui.context import reading
from webui.filters import command, run_time, run_url, state_words
from webui.fragments import data
from webui.places import open_places
from webui.rights import may, needs
from webui.tongues.speaking import gettext, marked

blueprint = Blueprint("find", __name__)

_EACH = 8
_ACTIONS = (
    (marked("Trigger"), ("dags", "trigger"), "trigger.form"),
    (marked("Backfill"), ("backfills", "create"), "backfills.form"),
)


@blueprint.get("/ui/find")
@needs(Right.DAG_READ)
def show() -> Response:
    """Return pages, DAGs, runs and actions by a few letters."""
    text = request.args.get("q", "").strip()[:200]
    with reading() as session:
        dag_ids = find.find_dag_ids(session, text, _EACH)
        runs = find.find_runs(session, text, _EACH) if text else []
    found = [
        *_pages(text),
        *_dags(dag_ids),
        *map(_run, runs),
        *_actions([each for each in dag_ids if text and may(Right.DAG_RUN, each)]),
    ]
    return data(found=found)


def _pages(text: str) -> list[dict[str, object]]:
    places = [(gettext("Now"), "home.show"), (gettext("DAGs"), "dags.show"), (gettext("Runs"), "runs.show")]
    places += [(gettext("Dashboard"), "dashboard.show"), (gettext("Alerts"), "alerts.show")]
    places += [(gettext("Your account"), "account.show")]
    places += [(gettext(each.label), each.endpoint) for each in open_places()]
    return [
        {"title": name, "sub": gettext("page"), "href": url_for(view)}
        for name, view in places
        if text.lower() in name.lower()
    ]


def _dags(dag_ids: list[str]) -> list[dict[str, object]]:
    return [{"title": each, "sub": "DAG", "href": url_for("dag.show", dag_id=each)} for each in dag_ids]


def _run(run: find.FoundRun) -> dict[str, object]:
    """Name a run by its time, as the pages do; who looks for an id that says more sees the id."""
    at = run_time(run.logical_date or run.run_after)
    is_ours = run.run_id.startswith(("scheduled__", "manual__"))
    title = f"{run.dag_id}, {at}" if is_ours else f"{run.dag_id}, {run.run_id}"
    return {
        "title": title,
        "sub": gettext("run, %(state)s", state=state_words(run.state)),
        "href": run_url(run.dag_id, run.run_id),
    }


def _actions(dag_ids: list[str]) -> list[dict[str, object]]:
    return [
        {
            "title": f"{gettext(word)} {each}…",
            "sub": command(*line, each),
            "href": url_for(view, dag_id=each),
            "sheet": True,
        }
        for each in dag_ids
        for word, line, view in _ACTIONS
    ]
