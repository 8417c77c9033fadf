"""How things go: throughput, errors, recovery, delays, slots, queues, slow tasks, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from flask import Blueprint, Response, request

from scheduler.core.spans import Span, floor
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.tallies import read_count
from scheduler.store.views.costs import BYS, By, list_spent, total_of
from scheduler.store.views.home import count_dags, count_slots
from scheduler.store.views.ownership import Narrowing, list_choices
from scheduler.store.views.queues import list_lags, list_workers
from scheduler.store.views.task_trends import list_failing, list_slowest
from scheduler.store.views.trends import (
    Ends,
    ends_by_dag,
    list_delays,
    list_ends,
    read_recovery,
    sum_ends,
)
from webui import charts
from webui.context import now, reading, web
from webui.fragments import page
from webui.narrowing import narrowing
from webui.rights import needs
from webui.windows import DEFAULT, WINDOWS, Window

blueprint = Blueprint("dashboard", __name__)

_TASKS: Final = 10
_DAGS: Final = 10
_SPENT: Final = 20


@blueprint.get("/dashboard")
@needs(Right.DAG_READ)
def show() -> Response:
    """Show the window that is asked for, of the DAGs that the filter leaves."""
    window = WINDOWS.get(request.args.get("window", ""), DEFAULT)
    wanted, by, at = narrowing(), _by(), now()
    with reading() as session:
        here = {"choices": list_choices(session), "dag_count": count_dags(session), **_at_work(session, at)}
        source = (read_count(session), here["choices"], here["dag_count"], window.steps(at))
        sums = web().kept.get(
            (window.name, wanted, by), source, lambda: _sums(session, window, wanted, by, at)
        )
    return page("dashboard.html", window=window, windows=WINDOWS, wanted=wanted, **here, **sums)


def _by() -> By:
    return next((each for each in BYS if each == request.args.get("by")), "dag")


def _sums(session: Session, window: Window, wanted: Narrowing, by: By, at: datetime) -> dict[str, Any]:
    """Read what changes when something is counted, which is every ten seconds."""
    return {
        **_flow(session, window, wanted, at),
        **_tables(session, window, wanted, at),
        **_spent(session, by, window.of_dags(at), wanted),
    }


def _flow(session: Session, window: Window, wanted: Narrowing, at: datetime) -> dict[str, Any]:
    """Read figures and charts."""
    steps, span = window.steps(at), window.span(at)
    ends = _by_step(list_ends(session, span, wanted), window.step_s)
    of_delays = steps if wanted.is_all else window.of_delays(at)
    delays = list_delays(session, span if wanted.is_all else of_delays, wanted)
    in_order = [(start, ends.get(start, Ends())) for start in steps.starts]
    return {
        "since": steps.start_at,
        "delays_since": of_delays.start_at,
        "ends": sum(ends.values(), Ends()),
        "before": sum_ends(session, span.before, wanted),
        "tasks": charts.columns([(start, each.success, each.bad) for start, each in in_order]),
        "runs": charts.columns([(start, each.runs_success, each.runs_failed) for start, each in in_order]),
        "scheduling": _delays("scheduling", delays, of_delays),
        "pick_up": _delays("pick_up", delays, of_delays),
        "recovery": read_recovery(session, steps, wanted, _DAGS),
    }


def _by_step(ends: Mapping[datetime, Ends], step_s: int) -> dict[datetime, Ends]:
    found: dict[datetime, Ends] = {}
    for at, each in ends.items():
        start = floor(at, step_s)
        found[start] = found.get(start, Ends()) + each
    return found


def _delays(
    kind: Literal["scheduling", "pick_up"],
    delays: Mapping[tuple[str, datetime], Counter[int]],
    steps: Span,
) -> charts.Reaches:
    of_kind = {at: counts for (each, at), counts in delays.items() if each == kind}
    return charts.reaches(steps.starts, charts.by_step(of_kind, steps.width_s))


def _tables(session: Session, window: Window, wanted: Narrowing, at: datetime) -> dict[str, Any]:
    dags, tasks = window.of_dags(at), window.of_tasks(at)
    return {
        "bad_dags": ends_by_dag(session, dags, wanted, _DAGS),
        "failing": list_failing(session, tasks, wanted, _TASKS),
        "slowest": list_slowest(session, tasks, wanted, _TASKS),
        "dags_since": dags.start_at,
        "tasks_since": tasks.start_at,
    }


def _spent(session: Session, by: By, span: Span, wanted: Narrowing) -> dict[str, Any]:
    found = list_spent(session, by, span, wanted)
    return {
        "by": by,
        "bys": BYS,
        "spent": found[-_SPENT:] if by == "day" else found[:_SPENT],
        "more_spent": max(0, len(found) - _SPENT),
        "total": total_of(found),
        "prices": web().prices,
        "cost_filter": _as_options(wanted),
    }


def _as_options(wanted: Narrowing) -> list[str]:
    """Return what narrows as options of `dirigent cost`; a part of a DAG's name is none."""
    options = {"--dag": wanted.dag_id, "--owner": wanted.owner, "--team": wanted.team, "--tag": wanted.tag}
    return [word for option, value in options.items() if value for word in (option, value)]


def _at_work(session: Session, at: datetime) -> dict[str, Any]:
    workers = list_workers(session, at)
    return {"workers": workers, "queues": list_lags(session, workers), "slots": count_slots(session, at)}
