"""Which tasks of a run a person means: one, an instance of one, some of a list, or those of a group."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flask import request

from scheduler.core.ids import TaskKey, named
from scheduler.errors import BadParams, NotFound
from scheduler.store.views.runs import Run
from scheduler.wire import DagSpec
from webui.tongues.speaking import gettext, ngettext

_INSTANCE: Final = re.compile(r"(.+)\[([0-9]+(?:\.[0-9]+)*)\]")
#: A person picks from a page of a list; a program has the API.
MOST: Final = 500
#: As many as a page of a list holds.
MOST_RUNS: Final = 100


@dataclass(frozen=True, slots=True)
class Picked:
    """Tasks as their form names them; a task without a path means all of its instances."""

    picks: tuple[str, ...] = ()
    group: str = ""

    @property
    def is_all(self) -> bool:
        """Whether no task is named, and the run is meant."""
        return not self.picks and not self.group

    @property
    def name(self) -> str:
        """What they are called together."""
        if self.group:
            return gettext("group %(name)s", name=self.group)
        if len(self.picks) > 1:
            return ngettext("%(num)s task", "%(num)s tasks", len(self.picks))
        return self.picks[0] if self.picks else ""

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What a form carries to mean the same."""
        return [*(("pick", each) for each in self.picks), *([("group", self.group)] if self.group else [])]

    def tasks(self, spec: DagSpec) -> tuple[str | TaskKey, ...]:
        """Return them as operations take them. Raises NotFound for a group that the DAG does not have."""
        if self.group:
            return tuple(tasks_in(spec, self.group))
        return tuple(_read(each) for each in self.picks)


def picked() -> Picked:
    """Read from the request: `pick=`, which may be there many times, `task=` with `path=`, or `group=`."""
    values = request.values
    task_id, path = values.get("task", ""), values.get("path", "")
    given = dict.fromkeys([*([named(task_id, path)] if task_id else []), *values.getlist("pick")])
    if len(given) > MOST:
        raise BadParams(
            gettext(
                "%(count)s tasks are too many at once: choose at most %(most)s, a group or the run.",
                count=len(given),
                most=MOST,
            )
        )
    return Picked(tuple(given), values.get("group", "") if not given else "")


def run_name(run: Run) -> str:
    """Return what names a run in an address and a form: SQLite gives the number of a deleted run to the next one."""
    return f"{run.dag_id}/{run.run_id}"


def named_runs() -> list[tuple[str, str]]:
    """Read from the request: `run=DAG/RUN`, as often as there are runs. Raises BadParams."""
    names = dict.fromkeys(request.values.getlist("run"))
    if not 0 < len(names) <= MOST_RUNS:
        raise BadParams(
            gettext("Choose 1 to %(most)s runs at once, not %(count)s.", most=MOST_RUNS, count=len(names))
        )
    if bad := [name for name in names if name.count("/") != 1]:
        raise BadParams(f"A run is named DAG/RUN here, not {bad[0]!r}: choose it of the list again.")
    return [(dag_id, run_id) for dag_id, _, run_id in (name.partition("/") for name in names)]


def _read(pick: str) -> str | TaskKey:
    found = _INSTANCE.fullmatch(pick)
    return TaskKey(found[1], found[2]) if found else pick


def tasks_in(spec: DagSpec, group_id: str) -> Iterable[str]:
    """Return the tasks of a group and of the groups in it. Raises NotFound."""
    parents = {group.group_id: group.parent_id for group in spec.groups}
    if group_id not in parents:
        raise NotFound("group", group_id)
    inside = {group_id}
    # A group stands after the one that it is in, or before: as often as there are levels.
    while more := {each for each, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return [task.task_id for task in spec.tasks if task.group_id in inside]
