"""Waiting for a run to end, in an answer that is written as it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import BoundedSemaphore, Event
from typing import Any, Final

from flask import Response, current_app, request, stream_with_context

from scheduler.core.states import RUN_FINISHED
from scheduler.errors import NotFound
from scheduler.operations.results import results_of
from scheduler.security.rights import Right
from scheduler.store.results import read_results
from scheduler.store.views.run_lists import RunEntry, find_entry
from webui.api.shapes.runs import Waiting
from webui.context import reading, spec_of
from webui.problems import problem
from webui.rights import may
from webui.security import find_out

#: Each holds a thread of the server for as long as it waits.
MOST: Final = 3
_ROOM: Final = "dirigent.waiting"
_LINES: Final = "application/x-ndjson"


def follow(dag_id: str, run_id: str, query: Waiting) -> Response:
    """Answer a run's state until it has ended: a line at each look, or as JSON one object at the end."""
    room: BoundedSemaphore = current_app.extensions.setdefault(_ROOM, BoundedSemaphore(MOST))
    if not room.acquire(blocking=False):
        answer = problem(429, f"{MOST} requests wait for runs already; ask for the run now and then instead.")
        answer.headers["Retry-After"] = "5"
        return answer
    by_line = request.accept_mimetypes.best_match(["application/json", _LINES]) == _LINES
    looks = _looks(dag_id, run_id, query)
    answer = Response(stream_with_context(_lines(looks) if by_line else _at_the_end(looks)))
    answer.content_type = _LINES if by_line else "application/json"
    answer.call_on_close(room.release)
    return answer


def _looks(dag_id: str, run_id: str, query: Waiting) -> Iterator[dict[str, Any]]:
    pause = Event()
    while True:
        find_out()
        try:
            with reading() as session:
                entry = find_entry(session, dag_id, run_id)
        except NotFound:  # It was deleted, or is no longer for whoever waits to see.
            return
        state = entry.run.state
        if state in RUN_FINISHED:
            yield {"state": state, "results": _results(entry, query.result)}
            return
        yield {"state": state}
        pause.wait(query.interval)


def _results(entry: RunEntry, task_ids: tuple[str, ...]) -> dict[str, Any]:
    if not may(Right.XCOM_READ, entry.run.dag_id):
        return {}
    with reading() as session:
        if task_ids:
            return read_results(session, entry.run.id, task_ids, ())
        return results_of(session, entry.run, spec_of(session, entry.run.version_id))


def _lines(looks: Iterator[dict[str, Any]]) -> Iterator[str]:
    for look in looks:
        yield json.dumps(look) + "\n"


def _at_the_end(looks: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Write white space while nothing is to be said, which keeps the connection, then the one object."""
    for look in looks:
        yield json.dumps(look) if "results" in look else "\n"
