"""Which DAGs a page or an answer is about, as its address says: `?dag_id=`, `owner=`, `team=`, `tag=`, `q=`."""

from __future__ import annotations

from flask import request

from scheduler.store.views.ownership import Narrowing
from webui.context import sight

_NAMES = ("dag_id", "owner", "team", "tag", "text")


def narrowing() -> Narrowing:
    """Read it from the request; who may not see everything is never answered with sums of all."""
    names = {name: "q" if name == "text" else name for name in _NAMES}
    given = {name: request.args.get(arg, "")[:250] for name, arg in names.items()}
    return Narrowing(**given, sight=sight())
