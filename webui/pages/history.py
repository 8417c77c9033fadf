"""A DAG over time: a calendar of its runs, and how long runs and tasks took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, request

from scheduler.core.spans import DAY, latest
from scheduler.errors import BadParams
from scheduler.security.rights import Right
from scheduler.store.views import calendar
from scheduler.store.views.ownership import Narrowing
from scheduler.store.views.task_trends import list_slowest
from webui import year
from webui.context import now, reading
from webui.fragments import page
from webui.numbers import number
from webui.pages.dag import dag_head
from webui.rights import needs
from webui.tongues.speaking import gettext
from webui.zones import local, zone

blueprint = Blueprint("history", __name__, url_prefix="/dags/<dag_id>")

_RUNS = 100
_TASKS = 100
_DAYS = 30
_YEARS = range(1970, 9999)


@dataclass(frozen=True, slots=True)
class Took:
    """A column of a chart of durations."""

    run_id: str
    state: str
    at: datetime
    seconds: float
    part: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Durations of the last runs, and the longest of them."""

    columns: tuple[Took, ...]
    most_s: float


@blueprint.get("/calendar")
@needs(Right.DAG_READ)
def show_calendar(dag_id: str) -> Response:
    """Show a year of runs by day."""
    present = local(now()).year
    chosen = request.args.get("year", present, type=number)
    if chosen not in _YEARS:
        raise BadParams(
            gettext(
                "There is no calendar of the year %(year)s. Ask for one like %(present)s.",
                year=chosen,
                present=present,
            )
        )
    begin, stretches = year.midnight(date(chosen, 1, 1), zone()), tuple(year.stretches(chosen, zone()))
    with reading() as session:
        counts = calendar.count_by_day(session, dag_id, begin, stretches)
    return page("dag_calendar.html", tab="calendar", year=year.draw(chosen, counts), **dag_head(dag_id))


@blueprint.get("/durations")
@needs(Right.DAG_READ)
def show_durations(dag_id: str) -> Response:
    """Show how long the last runs took and when they were there; with `task`, the same of one task."""
    head, task_id = dag_head(dag_id), request.args.get("task", "")[:250]
    span = latest(DAY, _DAYS, now())
    with reading() as session:
        timings = (
            calendar.list_task_timings(session, dag_id, task_id, _RUNS)
            if task_id
            else calendar.list_run_timings(session, dag_id, _RUNS)
        )
        slowest = list_slowest(session, span, Narrowing(dag_id=dag_id), _TASKS)
    ended = [each for each in timings if each.start_date and each.end_date]
    charts = {"took": _took(ended), "landed": _landed(ended)}
    return page(
        "dag_durations.html", tab="durations", task_id=task_id, charts=charts, slowest=slowest, **head
    )


def _took(timings: Sequence[calendar.Timing]) -> Chart:
    return _chart(timings, [_seconds(each.start_date, each.end_date) for each in timings])


def _landed(timings: Sequence[calendar.Timing]) -> Chart:
    """Return how long after it was due each was there."""
    return _chart(timings, [_seconds(each.due_at, each.end_date) for each in timings])


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return max(0.0, (end - start).total_seconds()) if start and end else 0.0


def _chart(timings: Sequence[calendar.Timing], values: Sequence[float]) -> Chart:
    most = max(values, default=0.0)
    columns = (
        Took(each.run_id, each.state, each.due_at, value, value / most if most else 0.0)
        for each, value in zip(timings, values, strict=True)
    )
    return Chart(tuple(columns), most)
