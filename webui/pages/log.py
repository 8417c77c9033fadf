"""The log of an attempt: as it stands in the file, from an offset on, for the page; as text, to keep."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, request

from scheduler.core.states import LIVE_ATTEMPT
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LogLine
from scheduler.security.rights import Right
from webui.context import web
from webui.details import log_address, task_details
from webui.filters import plain
from webui.numbers import number
from webui.rights import needs

blueprint = Blueprint("log", __name__, url_prefix="/ui/dags/<dag_id>/runs/<run_id>/tasks/<task_id>/log")

#: Bytes of one answer; the page asks on while there is more.
PART: Final = 2_000_000
#: What is smaller is not worth the trouble of packing it.
SMALL: Final = 2_000


@blueprint.get("/<int:attempt_id>")
@needs(Right.LOG_READ)
def show(dag_id: str, run_id: str, task_id: str, attempt_id: int) -> Response:
    """Return the lines that came since `after`, a JSON object each; where to go on, and whether, is in the head."""
    details = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    offset = max(0, request.args.get("after", 0, type=number))
    part = web().logs.read(log_address(details, attempt_id), offset, PART)
    attempt = next(each for each in details.attempts if each.id == attempt_id)
    is_over = attempt.state not in LIVE_ATTEMPT and web().logs.is_all_here(attempt.end_date)
    answer = _packed(part.data)
    answer.headers["X-Log-Next"] = str(part.next_offset)
    answer.headers["X-Log-Done"] = str(part.done or (is_over and not part.data)).lower()
    answer.headers["X-Log-More"] = str(not part.done and part.next_offset - offset > PART // 2).lower()
    return answer


@blueprint.get("/<int:attempt_id>/text")
@needs(Right.LOG_READ)
def text(dag_id: str, run_id: str, task_id: str, attempt_id: int) -> Response:
    """Return the whole log as text, to keep."""
    details = task_details(dag_id, run_id, task_id, request.args.get("path", ""))
    address = log_address(details, attempt_id)
    logs, end = web().logs, web().logs.size(address)

    def lines() -> Iterator[bytes]:
        offset = 0
        while offset < end:
            part = logs.read(address, offset, PART)
            yield "".join(map(_as_text, part.lines)).encode(errors="replace")
            if part.done or part.next_offset <= offset:
                return
            offset = part.next_offset

    answer = Response(lines(), mimetype="text/plain")
    answer.headers.set("Content-Disposition", "attachment", filename=_file_name(address))
    return answer


def _packed(data: bytes) -> Response:
    answer = Response(data, mimetype="application/x-ndjson")
    if len(data) > SMALL and request.accept_encodings["gzip"]:
        answer.set_data(gzip.compress(data, 1, mtime=0))
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _as_text(line: LogLine) -> str:
    at = line.at.isoformat(timespec="milliseconds") if line.at else "-"
    return f"{at} {line.level.upper():8} {plain(line.text)}\n"


def _file_name(address: LogAddress) -> str:
    parts = [address.dag_id, address.run_id, address.task_id, address.path, str(address.attempt_id)]
    return "_".join(filter(None, parts)) + ".log"
