"""What the palette finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, request, url_for

from scheduler.core.ids import named
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import find
from webui.context import reading
from webui.filters import command, run_time, run_url, state_words, task_url
from webui.fragments import data
from webui.places import open_places
from webui.rights import may, needs
from webui.tongues.speaking import gettext, marked

blueprint = Blueprint("find", __name__)

_EACH = 8
#: DAGs that an action is offered for.
_FEW = 3
Line = dict[str, object]


@blueprint.get("/ui/find")
@needs(Right.DAG_READ)
def show() -> Response:
    """Return pages, DAGs, runs, tasks and actions by a few letters; `dag` is the DAG that the reader looks at."""
    text, here = (request.args.get(name, "").strip()[:250] for name in ("q", "dag"))
    with reading() as session:
        dag_ids = find.find_dag_ids(session, text, _EACH)
        runs = find.find_runs(session, text, _EACH) if text else []
        tasks = find.find_tasks(session, text, _EACH, here) if len(text) > 1 else []
        asked, offered = _actions(session, text, here) if text else ([], [])
    things = [*_pages(text), *_dags(dag_ids), *map(_task, tasks), *map(_run, runs)]
    found = [*asked, *things, *offered]
    return data(found=found)


def _pages(text: str) -> list[Line]:
    places = [(gettext("Now"), "home.show"), (gettext("DAGs"), "dags.show"), (gettext("Runs"), "runs.show")]
    places += [(gettext("Actions"), "questions.show_all"), (gettext("Assets"), "assets.show")]
    places += [(gettext("Lineage"), "lineage.show")] if may(Right.ASSET_READ) else []
    places += [(gettext("Dashboard"), "dashboard.show"), (gettext("Alerts"), "alerts.show")]
    places += [(gettext("Your account"), "account.show")]
    places += [(gettext(each.label), each.endpoint) for each in open_places()]
    return [
        {"title": name, "sub": gettext("page"), "href": url_for(view)}
        for name, view in places
        if text.lower() in name.lower()
    ]


def _dags(dag_ids: list[str]) -> list[Line]:
    return [{"title": each, "sub": "DAG", "href": url_for("dag.show", dag_id=each)} for each in dag_ids]


def _run(run: find.FoundRun) -> Line:
    """Name a run by its time, as the pages do; who looks for an id that says more sees the id."""
    at = run_time(run.logical_date or run.run_after)
    is_ours = run.run_id.startswith(("scheduled__", "manual__"))
    title = f"{run.dag_id}, {at}" if is_ours else f"{run.dag_id}, {run.run_id}"
    return {
        "title": title,
        "sub": gettext("run, %(state)s", state=state_words(run.state)),
        "href": run_url(run.dag_id, run.run_id),
    }


def _task(task: find.FoundTask) -> Line:
    """Lead to the task in the newest run that has it."""
    href = task_url(task.dag_id, task.run_id, task.task_id)
    return {"title": task.task_id, "sub": gettext("task of %(dag)s", dag=task.dag_id), "href": href}


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with a DAG: in words, in which its name stands for %(dag)s."""

    words: str
    right: Right
    make: Callable[[Session, str], Line | None]
    #: Whether it is offered for its own words only: it takes a look at the history.
    is_rare: bool = False

    def line(self, session: Session, dag_id: str) -> Line | None:
        """Return what the palette shows of it, None where there is nothing to do."""
        made = self.make(session, dag_id) if may(self.right, dag_id) else None
        return {"title": gettext(self.words, dag=dag_id), **made} if made else None

    def rest(self, text: str) -> str:
        """Return what of a text is no word of it: `trigger ord` is `ord` to *Trigger …*."""
        own = gettext(self.words, dag="").lower().split()
        return " ".join(
            word for word in text.lower().split() if not any(each.startswith(word) for each in own)
        )


def _sheet(view: str, *line: str) -> Callable[[Session, str], Line]:
    return lambda _, dag_id: {
        "sub": command(*line, dag_id),
        "href": url_for(view, dag_id=dag_id),
        "sheet": True,
    }


def _pause(is_paused: bool) -> Callable[[Session, str], Line | None]:
    def make(session: Session, dag_id: str) -> Line | None:
        if find.is_paused(session, dag_id) != (not is_paused):
            return None
        href = url_for("many.dags_form", dag=dag_id, is_paused="true" if is_paused else "false")
        return {
            "sub": command("dags", "pause" if is_paused else "unpause", dag_id),
            "href": href,
            "sheet": True,
        }

    return make


def _rerun(session: Session, dag_id: str) -> Line | None:
    failed = find.find_last_failure(session, dag_id)
    if failed is None:
        return None
    href = run_url(dag_id, failed.run_id, "rerun.form", scope="failed")
    return {"sub": failed.run_id, "href": href, "sheet": True}


def _log(session: Session, dag_id: str) -> Line | None:
    failed = find.find_last_failure(session, dag_id)
    if failed is None or not failed.task_id:
        return None
    href = task_url(dag_id, failed.run_id, failed.task_id, failed.path)
    return {"sub": named(failed.task_id, failed.path), "href": href}


_ACTIONS: Final = (
    Action(marked("Trigger %(dag)s…"), Right.DAG_RUN, _sheet("trigger.form", "dags", "trigger")),
    Action(marked("Backfill %(dag)s…"), Right.DAG_RUN, _sheet("backfills.form", "backfills", "create")),
    Action(marked("Pause %(dag)s…"), Right.DAG_EDIT, _pause(is_paused=True), is_rare=True),
    Action(marked("Activate %(dag)s…"), Right.DAG_EDIT, _pause(is_paused=False), is_rare=True),
    Action(marked("Rerun the last failed run of %(dag)s…"), Right.DAG_RUN, _rerun, is_rare=True),
    Action(marked("Log of the last failure of %(dag)s"), Right.LOG_READ, _log, is_rare=True),
)


def _actions(session: Session, text: str, here: str) -> tuple[list[Line], list[Line]]:
    """Return the actions that the text names, and those of DAGs that it names."""
    asked, offered = list[Line](), list[Line]()
    for action in _ACTIONS:
        rest = action.rest(text)
        is_asked = len(rest.split()) < len(text.split())
        if is_asked or not action.is_rare:
            lines = (action.line(session, each) for each in _meant(session, rest, here))
            (asked if is_asked else offered).extend(filter(None, lines))
    return asked, offered


def _meant(session: Session, text: str, here: str) -> list[str]:
    """Return the DAGs that are meant: the one that the reader looks at first."""
    is_meant = bool(here) and text in here.lower() and find.is_paused(session, here) is not None
    dag_ids = find.find_dag_ids(session, text, _FEW)
    return list(dict.fromkeys([*([here] if is_meant else []), *dag_ids]))[:_FEW]
