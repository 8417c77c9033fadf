"""Logs of attempts, and where they are shown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

from flask import Response, json, request, stream_with_context

from scheduler.errors import BadParams, NotFound
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LEVELS, SOURCES, fields
from scheduler.logs.reader import LogPart
from scheduler.logs.selection import Selection
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.views.tasks import list_attempts
from webui import filters
from webui.api.frame import Fields, Routes
from webui.api.shapes import logs as shapes
from webui.api.shapes.tasks import Instance, LogUrl
from webui.api.tasks import find_instance, key_of
from webui.context import reading, web
from webui.rights import needs

_TASK = "/taskInstances/<task_id>"
_LINES: Final = "application/x-ndjson"
#: Parts of a log that `full_content` puts together in one answer; a log is read to its end as lines.
_PARTS: Final = 50

routes = Routes("api_logs", "/api/v2/dags/<dag_id>/dagRuns/<dag_run_id>", tag="Task Instance")


@routes.get(f"{_TASK}/logs/<int:try_number>", answers=shapes.Log, streams={_LINES: shapes.Line})
@needs(Right.LOG_READ)
def get_log(
    dag_id: str, dag_run_id: str, task_id: str, try_number: int, query: shapes.LogQuery
) -> Fields | Response:
    """Return the log of an attempt, from `token` on; the answer's token asks for what follows.

    Of a mapped task the log of the instance of `map_index`, or `path`. `level`, `source` and `logger` choose lines.
    As `application/x-ndjson` a line of the log is a line of the answer, to the end of what is there.
    """
    chosen = _selection(query)
    with reading() as session:
        address = _address(session, dag_id, dag_run_id, task_id, try_number, query)
    start = int(query.token or 0)
    if request.accept_mimetypes.best_match(["application/json", _LINES]) == _LINES:
        lines = (line for part in _parts(address, start, None) for line in chosen.of(part.lines))
        text = (json.dumps(fields(line)) + "\n" for line in lines)
        return Response(stream_with_context(text), content_type=_LINES)
    found = list(_parts(address, start, _PARTS if query.full_content else 1))
    content = [fields(line) for part in found for line in chosen.of(part.lines)]
    return {"content": content, "continuation_token": None if found[-1].done else str(found[-1].next_offset)}


def _parts(address: LogAddress, start: int, most: int | None) -> Iterator[LogPart]:
    """Read a log on until there is nothing more for now, or so many parts."""
    for count in itertools.count(1):
        part = web().logs.read(address, start)
        yield part
        if part.done or count == most or part.next_offset == start:
            return
        start = part.next_offset


def _address(
    session: Session, dag_id: str, run_id: str, task_id: str, try_number: int, instance: Instance
) -> LogAddress:
    """Return where the log of a try lies. Raises NotFound."""
    key = key_of(task_id, instance.map_index, instance.path)
    entry = find_instance(session, dag_id, run_id, key)
    attempts = [each for each in list_attempts(session, entry.task.id) if each.kind == "task"]
    if not 1 <= try_number <= len(attempts):
        raise NotFound("attempt", str(try_number))
    return LogAddress(
        dag_id=dag_id, run_id=run_id, task_id=task_id, path=key.path, attempt_id=attempts[try_number - 1].id
    )


def _selection(query: shapes.LogQuery) -> Selection:
    for name, value, known in [
        ("level", query.level or LEVELS[0], LEVELS),
        *(("source", each, SOURCES) for each in query.source),
    ]:
        if value not in known:
            raise BadParams(f"{name}={value[:40]!r} is none of {', '.join(known)}.")
    return Selection(query.level, frozenset(query.source), query.logger)


@routes.get(f"{_TASK}/externalLogUrl/<int:try_number>", answers=LogUrl)
@needs(Right.LOG_READ)
def get_external_log_url(
    dag_id: str, dag_run_id: str, task_id: str, try_number: int, query: Instance
) -> Fields:
    """Return the address of the page that shows the log of an attempt."""
    with reading() as session:
        address = _address(session, dag_id, dag_run_id, task_id, try_number, query)
    task = filters.task_url(dag_id, dag_run_id, task_id, address.path, **{"try": try_number})
    return {"url": (web().base_url or request.host_url).rstrip("/") + task}
