"""The log of an attempt as data, from an offset on; the page asks again while it grows."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from scheduler.core.states import LIVE_ATTEMPT
from scheduler.logs.lines import DIRIGENT, LogLine
from scheduler.logs.reader import PART_LIMIT, LogPart
from scheduler.security.rights import Right
from webui.context import web
from webui.details import log_address, one_by_one, task_details
from webui.filters import kind_of
from webui.fragments import data
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("log", __name__)

#: What a page begins with: of a longer log, its end.
SHOWN: Final = 8_000_000


@blueprint.get("/ui/dags/<dag_id>/runs/<run_id>/tasks/<task_id>/log/<int:attempt_id>")
@needs(Right.LOG_READ)
def show(dag_id: str, run_id: str, task_id: str, attempt_id: int) -> Response:
    """Return the lines that came since `after`; without it, from where a page begins."""
    details = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    address = log_address(details, attempt_id)
    after = request.args.get("after", type=number)
    offset = max(0, web().logs.size(address) - SHOWN if after is None else after)
    part = web().logs.read(address, offset)
    attempt = next(each for each in details.attempts if each.id == attempt_id)
    is_over = attempt.state not in LIVE_ATTEMPT and web().logs.is_all_here(attempt.end_date)
    return data(
        lines=[_line(line) for line in one_by_one(_whole(part) if after is None and offset else part.lines)],
        cursor=str(part.next_offset),
        done=part.done or (is_over and not part.lines),
        more=not part.done and part.next_offset - offset > PART_LIMIT // 2,
    )


def _whole(part: LogPart) -> list[LogLine]:
    """Leave out the line in the middle of which a page begins, and say so."""
    words = "… This is the end of a long log; `dirigent tasks logs` prints all of it."
    return [LogLine(None, "warning", DIRIGENT, words), *part.lines[1:]]


def _line(line: LogLine) -> dict[str, object]:
    at = line.at.isoformat() if line.at else None
    return {"text": line.text, "at": at, "level": kind_of(line), "source": line.source, "logger": line.logger}
