"""Two runs of a DAG side by side: what they were given, how their tasks ended, where the time went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, request

from scheduler.errors import BadParams, NotFound
from scheduler.logs.masking import masked_conf
from scheduler.security.rights import Right
from scheduler.store import Session
from scheduler.store.views import run_tasks, runs
from scheduler.store.views.timelines import list_bars
from webui import differences, tree
from webui.context import reading, spec_of
from webui.filters import pretty
from webui.fragments import page
from webui.numbers import number as whole
from webui.picks import named_runs, run_name
from webui.rights import needs
from webui.tongues.speaking import gettext

blueprint = Blueprint("compare", __name__)

#: Tasks on a page.
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Side:
    """How a task did in one of the runs."""

    state: str
    instances: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A task in both runs; None where one of them does not have it."""

    task_id: str
    one: Side | None
    other: Side | None

    @property
    def more_s(self) -> float:
        """How much longer it took in the second run."""
        return (self.other.seconds if self.other else 0.0) - (self.one.seconds if self.one else 0.0)

    @property
    def is_other_state(self) -> bool:
        """Whether it ended otherwise."""
        return (self.one and self.one.state) != (self.other and self.other.state)


@blueprint.get("/runs/compare")
@needs(Right.DAG_READ)
def show() -> Response:
    """Compare the older one of two runs with the newer one."""
    with reading() as session:
        one, other = _chosen(session)
        sides = [_sides(session, run) for run in (one, other)]
        given = [_given(session, run) for run in (one, other)]
        order = [row.id for row in tree.rows(spec_of(session, other.version_id)) if not row.is_group]
    names = [*order, *sorted({*sides[0], *sides[1]} - {*order})]
    pairs = _wanted([Pair(name, sides[0].get(name), sides[1].get(name)) for name in names])
    return page("compare.html", one=one, other=other, all=len(names), **_part(pairs), **_changes(*given))


def _part(pairs: list[Pair]) -> dict[str, Any]:
    """Return one page of the tasks, its number, and that of the last one."""
    last = max(1, -(-len(pairs) // _PAGE))
    number = min(last, max(1, request.args.get("page", 1, type=whole)))
    shown = pairs[(number - 1) * _PAGE : number * _PAGE]
    return {"pairs": shown, "number": number, "last": last, "count": len(pairs)}


def _chosen(session: Session) -> list[runs.Run]:
    names = named_runs()
    if len(names) != 2:
        raise BadParams(
            gettext("Two runs are compared, not %(count)s: choose two of a list.", count=len(names))
        )
    found = runs.list_named(session, names)
    if len(found) != 2:
        there = {run_name(run) for run in found}
        raise NotFound("run", ", ".join(name for name in map("/".join, names) if name not in there))
    if found[0].dag_id != found[1].dag_id:
        raise BadParams(
            f"{found[0].dag_id} and {found[1].dag_id} have no task in common: choose runs of one DAG."
        )
    return found[::-1]


def _sides(session: Session, run: runs.Run) -> dict[str, Side]:
    seconds: dict[str, float] = {}
    for bar in list_bars(session, run.id):
        seconds[bar.task_id] = seconds.get(bar.task_id, 0.0) + bar.ran_s
    return {
        each.task.task_id: Side(each.task.state, max(1, each.total), seconds.get(each.task.task_id, 0.0))
        for each in run_tasks.list_by_task(session, run.id)
        if each.task.state != "removed"
    }


def _wanted(pairs: list[Pair]) -> list[Pair]:
    """Return those that the address asks for: all, those that ended otherwise, or the most changed first."""
    match request.args.get("only", ""):
        case "state":
            return [pair for pair in pairs if pair.is_other_state]
        case "time":
            return sorted(pairs, key=lambda pair: -abs(pair.more_s))
        case _:
            return pairs


def _given(session: Session, run: runs.Run) -> dict[str, str]:
    """Return what a run was given, without its secrets."""
    spec = spec_of(session, run.version_id)
    return {
        "conf": pretty(masked_conf(run.conf, spec.params)),
        "params": pretty(masked_conf(run.params, spec.params)),
    }


def _changes(one: dict[str, str], other: dict[str, str]) -> dict[str, Any]:
    """Return what differs in what they were given, line by line."""
    changes = {name: differences.changed_lines(one[name], other[name]) for name in one}
    return {
        "changes": {name: lines for name, lines in changes.items() if lines},
        "only": request.args.get("only", ""),
    }
