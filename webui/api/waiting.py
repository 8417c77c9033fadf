"""Waiting for a run to end, in an answer that is written as it goes on and holds no thread of the server."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from flask import Flask, Response, current_app, g, request

from scheduler.core.states import RUN_FINISHED
from scheduler.errors import NotFound
from scheduler.operations.results import results_of
from scheduler.security.rights import Right
from scheduler.store.results import read_results
from scheduler.store.views.run_lists import RunEntry, find_entry
from webui.api.shapes.runs import Waiting
from webui.context import asker, reading, spec_of
from webui.live.waits import Seen, Wait, Waits
from webui.problems import problem
from webui.rights import may
from webui.security import find_out

#: So many an account waits for at once.
MOST: Final = 50
_HAND_OVER: Final = "dirigent.hand_over"
_LINES: Final = "application/x-ndjson"
_JSON: Final = "application/json"


def waits() -> Waits:
    """Return those who wait at this application."""
    return cast(Waits, current_app.extensions["dirigent.waits"])


def follow(dag_id: str, run_id: str, query: Waiting) -> Response:
    """Answer a run's state until it has ended: a line at each look, or as JSON one object at the end."""
    by_line = request.accept_mimetypes.best_match([_JSON, _LINES]) == _LINES
    look = partial(_look, dag_id, run_id, query, by_line=by_line)
    kind = _LINES if by_line else _JSON
    now = look()
    if now.is_end:
        return Response(now.text, content_type=kind)
    if waits().count_of(asker().name) >= MOST:
        return _refused(429, f"{MOST} requests of yours wait already; ask for the run now and then instead.")
    later = partial(_look_later, cast(Any, current_app)._get_current_object(), _kept(request.environ), look)
    wait = Wait(waits(), asker().name, query.interval, later, b"" if by_line else b"\n")
    hand_over: Callable[[Wait], bool] = request.environ.get(_HAND_OVER, lambda feed: False)
    if not hand_over(wait):
        return _refused(
            503, "No answer can wait here (HTTP/1.0, or too many do): ask for the run now and then."
        )
    return Response(iter(()), content_type=kind)


def _refused(status: int, sentence: str) -> Response:
    answer = problem(status, sentence)
    answer.headers["Retry-After"] = "5"
    return answer


def _kept(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request was, without what it holds of its connection."""
    plain = {name: value for name, value in environ.items() if isinstance(value, str)}
    return {**plain, "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0)}


def _look_later(app: Flask, environ: dict[str, Any], look: Callable[[], Seen]) -> Seen:
    """Look as whoever asked, by what they may see by now."""
    with app.request_context(dict(environ)):
        find_out()
        g.rights = (Right.DAG_READ,)
        if asker().may(Right.DAG_READ):
            return look()
        return _broken_off(403, "Whoever asked is signed out by now, or may not read DAGs any more.")


def _broken_off(status: int, sentence: str) -> Seen:
    """End an answer whose own status was sent long ago: with a problem in place of a state."""
    return Seen(problem(status, sentence).get_data() + b"\n", is_end=True)


def _look(dag_id: str, run_id: str, query: Waiting, *, by_line: bool) -> Seen:
    try:
        with reading() as session:
            entry = find_entry(session, dag_id, run_id)
    except NotFound as error:  # It was deleted, or is no longer for whoever waits to see.
        return _broken_off(404, str(error))
    state = entry.run.state
    if state in RUN_FINISHED:
        return Seen(_line({"state": state, "results": _results(entry, query.result)}), is_end=True)
    return Seen(_line({"state": state}) if by_line else b"")


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def _results(entry: RunEntry, task_ids: tuple[str, ...]) -> dict[str, Any]:
    if not may(Right.XCOM_READ, entry.run.dag_id):
        return {}
    with reading() as session:
        if task_ids:
            return read_results(session, entry.run.id, task_ids, ())
        return results_of(session, entry.run, spec_of(session, entry.run.version_id))
