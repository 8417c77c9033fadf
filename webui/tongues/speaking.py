"""Which language a request is answered in, and words in it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request, url_for

from webui.context import web
from webui.looks import LANGUAGES, look

if TYPE_CHECKING:
    from webui.tongues.catalogue import Catalogue

_SPOKEN: Final[ContextVar[Catalogue | None]] = ContextVar("spoken", default=None)


def register(app: Flask) -> None:
    """Answer each request of an application in its reader's language."""
    app.before_request(choose)
    app.after_request(say_which)
    app.teardown_request(forget)
    app.context_processor(shown)
    app.jinja_env.globals.update(_=gettext, gettext=gettext, ngettext=ngettext)


def shown() -> dict[str, object]:
    """Return what a page says of its language."""
    known = spoken()
    return {
        "language": language(),
        "languages": LANGUAGES,
        "chosen_language": look("language"),
        "words_url": known and url_for("languages.words", language=known.language, v=known.tag),
    }


def choose() -> None:
    """Find the language: what the reader chose, what their browser asks for, what the server is set to."""
    _SPOKEN.set(catalogue(_wanted()))


def forget(_: BaseException | None) -> None:
    """Speak English again: the thread goes on with other things."""
    _SPOKEN.set(None)


def _wanted() -> str:
    if request.path.startswith(("/api/", "/auth/", "/static/")):
        return "en"
    default = web().language
    return look("language") or request.accept_languages.best_match(LANGUAGES, default) or default


def say_which(response: Response) -> Response:
    """Let caches know that another reader may get another text."""
    if response.mimetype == "text/html":
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def spoken() -> Catalogue | None:
    """Return the catalogue of the language that is spoken; None for English."""
    return _SPOKEN.get()


def language() -> str:
    """Return the language that is spoken: en, de."""
    known = _SPOKEN.get()
    return known.language if known else "en"


@cache
def catalogue(language: str) -> Catalogue | None:
    """Return the catalogue of a language, which is read when it is first asked for; None for English."""
    if language == "en":
        return None
    # Babel is loaded where another language is spoken.
    load: Callable[[str], Catalogue] = import_module("webui.tongues.catalogue").load
    return load(language)


def gettext(text: str, **values: Any) -> str:
    """Return a text in the language that is spoken, its %(names)s filled in."""
    known = _SPOKEN.get()
    said = known.gettext(text) if known else text
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """Return the text for so many things; both may name %(num)s, which is written as the language does."""
    known = _SPOKEN.get()
    said = known.ngettext(one, many, num) if known else one if num == 1 else many
    return said % {"num": known.digits(f"{num:,}") if known else f"{num:,}", **values}


def marked(text: str) -> str:
    """Return the text as it is: it is gathered here, and said in the reader's language where it is shown."""
    return text
