"""The log of an attempt as data, from an offset on; the page asks again while it grows."""

from __future__ import annotations

from flask import Blueprint, Response, request

from scheduler.core.states import LIVE_ATTEMPT
from scheduler.logs.lines import LogLine
from webui.context import web
from webui.details import log_address, one_by_one, task_details
from webui.filters import kind_of
from webui.fragments import data
from webui.numbers import number

blueprint = Blueprint("log", __name__)


@blueprint.get("/ui/dags/<dag_id>/runs/<run_id>/tasks/<task_id>/log/<int:attempt_id>")
def show(dag_id: str, run_id: str, task_id: str, attempt_id: int) -> Response:
    """Return the lines that came since `after`."""
    details = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    part = web().logs.read(
        log_address(details, attempt_id), max(0, request.args.get("after", 0, type=number))
    )
    attempt = next(each for each in details.attempts if each.id == attempt_id)
    is_over = attempt.state not in LIVE_ATTEMPT and web().logs.is_all_here(attempt.end_date)
    is_done = part.done or (is_over and not part.lines)
    lines = [_line(line) for line in one_by_one(part.lines)]
    return data(lines=lines, cursor=str(part.next_offset), done=is_done)


def _line(line: LogLine) -> dict[str, object]:
    at = line.at.isoformat() if line.at else None
    return {"text": line.text, "at": at, "level": kind_of(line), "source": line.source, "logger": line.logger}
