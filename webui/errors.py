"""Errors as sentences: a page for people, a small JSON body for programs."""

from __future__ import annotations

import logging

from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from scheduler import errors
from webui.problems import Unprocessable, problem
from webui.security import is_for_programs, wants_data
from webui.tongues.sentences import sentence as said
from webui.tongues.speaking import gettext, marked

_LOG = logging.getLogger(__name__)

_STATUS: dict[type[errors.DirigentError], int] = {
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Outdated: 412,
    errors.Forbidden: 403,
    errors.BadName: 400,
    errors.BadParams: 400,
    errors.BadConf: 400,
    errors.BadId: 400,
    errors.TooLarge: 413,
    errors.TooMuchAtOnce: 429,
    errors.DatabaseUnavailable: 503,
    errors.NewerForm: 503,
    errors.BrokerUnavailable: 503,
}
_SENTENCES = {
    400: marked("The request could not be read."),
    401: marked(
        "You are not signed in. Open the page and sign in, or send a token that counts as `Authorization: Bearer`."
    ),
    403: marked("This came from another page or an old one. Reload the page and try again."),
    404: marked("There is nothing at this address."),
    405: marked("This address cannot be used that way."),
    413: marked("That is too large: a request may have up to 4 MB."),
    421: marked(
        "This server is not known by that name. Use the address that it printed, or set DIRIGENT_BASE_URL."
    ),
    500: marked("Something went wrong here. It is in the server's log."),
    503: marked("The database cannot be reached. Try again in a moment."),
}
#: For a page that was to be read, which is asked for again.
_AWAY = marked("The database cannot be reached. This page is asked for again until it comes.")
#: After how long, in seconds.
_AGAIN_S = 5
_FULL = marked(
    "The disk that holds the database is full: nothing can be written until somebody frees space there. "
    "Pages can be read."
)


def register(app: Flask) -> None:
    """Answer every error in our own words."""
    app.register_error_handler(errors.DirigentError, answer_known)
    app.register_error_handler(Unprocessable, answer_unprocessable)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, answer_unknown)


def answer_known(error: errors.DirigentError) -> ResponseReturnValue:
    """Answer an error that carries its own sentence. That of a database names host, account and file: it is logged."""
    if isinstance(error, errors.DatabaseUnavailable):
        _LOG.warning("failed to answer %s %r: %s", request.method, request.path, error)
        return _answer(503, _FULL) if isinstance(error, errors.DatabaseFull) else _answer_away()
    answer = make_response(_answer(status_of(error), str(error)))
    if isinstance(error, errors.TooMuchAtOnce | errors.KeyTaken) and error.retry_s is not None:
        answer.headers["Retry-After"] = str(error.retry_s)
    return answer


def _answer_away() -> ResponseReturnValue:
    """Answer that there is no database; a page that was to be read is asked for again by the browser."""
    is_page = request.method == "GET" and not wants_data()
    answer = make_response(_answer(503, _AWAY if is_page else _SENTENCES[503]))
    answer.headers["Refresh" if is_page else "Retry-After"] = str(_AGAIN_S)
    return answer


def status_of(error: errors.DirigentError) -> int:
    """Return the status of the protocol that says the same."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 400)


def answer_unprocessable(error: Unprocessable) -> ResponseReturnValue:
    """Answer a request that does not fit what is asked for."""
    return problem(422, str(error), error.faults)


def answer_http(error: HTTPException) -> ResponseReturnValue:
    """Answer an error of the protocol."""
    status = error.code or 500
    if isinstance(error, InternalServerError) or status < 400:
        return _answer(500, _SENTENCES[500])
    return _answer(status, _SENTENCES.get(status, error.description or error.name))


def answer_unknown(error: Exception) -> ResponseReturnValue:
    """Log what nobody expected, and say so without giving anything away."""
    _LOG.error("failed to answer %s %r", request.method, request.path, exc_info=error)
    return _answer(500, _SENTENCES[500])


def _answer(status: int, sentence: str) -> ResponseReturnValue:
    if is_for_programs():
        return problem(status, sentence)
    template = "sheet_error.html" if wants_data() else "error.html"
    return render_template(template, status=status, sentence=said(gettext(sentence))), status
