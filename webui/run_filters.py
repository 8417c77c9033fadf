"""What a list of runs is narrowed to, as its address says, and the page of it that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask import request

from scheduler.core.states import RunType
from scheduler.errors import BadParams
from scheduler.operations.saved_filters import KEYS
from scheduler.operations.shown_confs import shown_conf
from scheduler.store import Session
from scheduler.store.views.ownership import list_choices
from scheduler.store.views.runs import Run, RunWanted, list_runs, reach_back
from webui.context import spec_of
from webui.filters import one_line
from webui.numbers import number
from webui.year import day_after, midnight
from webui.zones import zone

#: Pages that are read for one, where of those found some are not shown.
_MOST_LOOKS: Final = 20
#: What stands in the form beside the search and the states.
_MORE = ("words", "type", "owner", "tag", "from", "until")


@dataclass(frozen=True, slots=True)
class RunAsked:
    """A filter, and the arguments of an address that say it."""

    wanted: RunWanted
    given: Mapping[str, str]

    @property
    def more_count(self) -> int:
        """How many filters are set that the form shows only when it is opened."""
        return sum(name in self.given for name in _MORE)


def asked_runs(dag_id: str = "") -> RunAsked:
    """Read it from the request. Raises BadParams."""
    args = request.args
    given = {name: args[name][:200] for name in (*KEYS["runs"], "version") if args.get(name)}
    if args.get("day"):
        given |= {"from": args["day"], "until": args["day"]}
    wanted = RunWanted(
        dag_id=dag_id,
        state=given.get("state", ""),
        text=given.get("q", ""),
        due=_due(given.get("from", ""), given.get("until", "")),
        version=args.get("version", 0, type=number),
        run_type=given.get("type", ""),
        owner=given.get("owner", ""),
        tag=given.get("tag", ""),
        words=given.get("words", ""),
    )
    return RunAsked(wanted, given)


def _due(first: str, last: str) -> tuple[datetime, datetime] | None:
    """Return from when until when days are that are asked for, by the reader's clock. Raises BadParams."""
    if not first and not last:
        return None
    return midnight(_day(first, date.min), zone()), midnight(day_after(_day(last, date.max)), zone())


def _day(text: str, default: date) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise BadParams(f"{text[:40]!r} is no day. Write one like 2026-11-21.") from None


def page_of_runs(session: Session, asked: RunAsked, size: int) -> dict[str, Any]:
    """Return a page of them, where the next one begins, and what there is to choose from."""
    before = request.args.get("before", type=number)
    after = reach_back(session, asked.wanted, before)
    found = _runs_shown_so(session, asked.wanted, size + 1, before, after)
    shown = found[:size]
    return {
        "wanted": asked.wanted,
        "given": dict(asked.given),
        "more_count": asked.more_count,
        "rows": shown,
        "older": shown[-1].id if len(found) > size else None,
        "further": after + 1 if after is not None and len(found) <= size else None,
        "types": [each.value for each in RunType],
        "choices": list_choices(session) if not asked.wanted.dag_id else None,
    }


def _runs_shown_so(
    session: Session, wanted: RunWanted, limit: int, before: int | None, after: int | None
) -> list[Run]:
    """Return so many runs of which people see what they are narrowed to: whether more follow tells of no others."""
    runs: list[Run] = []
    for _ in range(_MOST_LOOKS):
        found = list_runs(session, wanted, limit=limit, before=before, after=after)
        runs += [run for run in found if _is_shown_so(session, run, wanted.words)]
        if len(found) < limit or len(runs) >= limit:
            break
        before = found[-1].id
    return runs[:limit]


def _is_shown_so(session: Session, run: Run, words: str) -> bool:
    """Tell whether what people see of a run holds the words: a search for a secret finds nothing."""
    wanted = words.lower()
    if not wanted or wanted in run.note.lower() or wanted in run.run_id.lower():
        return True
    shown = one_line(shown_conf(session, run.version_id, run.conf, spec_of))
    return one_line(words)[1:-1].lower() in shown.lower()
