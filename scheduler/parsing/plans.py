"""What timetables of authors asked for, as a child tells it: held against what a server needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from scheduler.clock import parse_instant
from scheduler.core.timetables import Due
from scheduler.errors import BadSchedule
from scheduler.store.setting_aside import AGAIN_IN
from scheduler.wire import ParsedFile, Plan

#: What a timetable goes by may change though its file does not: it is asked again after so long.
ASKED_EVERY: Final = timedelta(hours=1)
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class PlannedDag:
    """The runs of a DAG that come next; `reason`: why its timetable could not be asked."""

    dues: tuple[Due, ...]
    reason: str

    def asked_again_at(self, now: datetime) -> datetime:
        """Return when to ask the timetable again."""
        return now + (AGAIN_IN if self.reason else ASKED_EVERY)


def plans_of(parsed: ParsedFile) -> dict[str, PlannedDag]:
    """Return the plans of a file's DAGs. Raises BadSchedule and ValueError for what no child of ours would say."""
    return {plan.dag_id: _read(plan) for plan in parsed.plans}


def _read(plan: Plan) -> PlannedDag:
    dues = []
    for run in plan.runs:
        start, end = parse_instant(run.start), parse_instant(run.end)
        dues.append(Due(parse_instant(run.run_after), start, start, end))
    if len(dues) > _MOST or any(later.run_at <= each.run_at for each, later in pairwise(dues)):
        raise BadSchedule(f"DAG {plan.dag_id!r}: what its timetable asked for is no plan of rising instants.")
    return PlannedDag(tuple(dues), _reason(plan.error))


def _reason(error: str) -> str:
    if not error:
        return ""
    said = error[:1000].encode(errors="replace").decode().replace("\0", "\ufffd")
    return f"No run comes by itself, as its timetable cannot be asked: {said} It is asked again within five minutes."
