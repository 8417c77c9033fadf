"""Variables and extras as people are shown them: what sounds secret by its name is masked; and how that comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from scheduler.logs.mask import is_sensitive
from scheduler.wire import Data, Json, ParamSpec

#: What stands for a secret that is not shown. Sent back, it leaves the secret as it is.
MASK: Final = "***"


def masked_variable(key: str, text: str) -> str:
    """Return the text of a variable without what its key, or a field of its JSON, calls secret."""
    return MASK if is_sensitive(key) else masked_json(text)


def masked_json(text: str) -> str:
    """Return JSON without what fields hold whose names sound secret, however deep; any other text as it is."""
    found = _read(text)
    shown = _masked(found)
    return text if shown == found else json.dumps(shown)


def unmasked_variable(key: str, text: str, before: str) -> str:
    """Return what a variable is to hold that was shown masked and came back as `text`."""
    if is_sensitive(key):
        return before if text == MASK else text
    return unmasked_json(text, before)


def unmasked_json(text: str, before: str) -> str:
    """Return JSON in which each mask is what stood there before."""
    given = _read(text)
    whole = _unmasked(given, _read(before))
    return text if whole == given else json.dumps(whole)


def masked_conf(conf: Data, params: Iterable[ParamSpec] = ()) -> Data:
    """Return a conf or params as people are shown them: without secrets, by what schemas and names say."""
    known = {param.name: param for param in params}
    return {name: _masked_param(name, value, known.get(name)) for name, value in conf.items()}


def _masked_param(name: str, value: Json, param: ParamSpec | None) -> Json:
    if param is not None and param.is_declared_secret:
        return MASK if value else value
    is_secret = is_sensitive(name) and (param is None or _may_be_secret(param, value))
    return _masked(value, is_secret=is_secret)


def _may_be_secret(param: ParamSpec, value: Json) -> bool:
    """Tell whether a param that sounds secret is one, and no choice of its author's, count or switch."""
    return not param.is_choice and not isinstance(value, int | float)


def _read(text: str) -> Json:
    """Return an object or a list; of any other text nothing is looked at."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _masked(value: Json, *, is_secret: bool = False) -> Json:
    match value:
        case dict():
            return {
                key: _masked(each, is_secret=is_secret or is_sensitive(str(key)))
                for key, each in value.items()
            }
        case list():
            return [_masked(each, is_secret=is_secret) for each in value]
        case _:
            return MASK if is_secret and _is_told(value) else value


def _is_told(value: Json) -> bool:
    """Tell whether a value says something: an empty text, a flag and null do not."""
    return bool(value) and not isinstance(value, bool)


def _unmasked(value: Json, before: Json, *, is_secret: bool = False) -> Json:
    match value, before:
        case dict(), dict():
            return {
                key: _unmasked(each, before.get(key), is_secret=is_secret or is_sensitive(str(key)))
                for key, each in value.items()
            }
        case list(), list():
            known = [*before, *[None] * len(value)]
            return [
                _unmasked(each, old, is_secret=is_secret) for each, old in zip(value, known, strict=False)
            ]
        case str(), str() | int() | float() if value == MASK and is_secret and _is_told(before):
            return before
        case _:
            return value
