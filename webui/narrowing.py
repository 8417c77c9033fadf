"""Which DAGs a page or an answer is about, as its address says: `?dag_id=`, `owner=`, `team=`, `tag=`, `q=`."""

from __future__ import annotations

from flask import request

from scheduler.store.views.ownership import Narrowing


def narrowing() -> Narrowing:
    """Read it from the request."""
    names = {name: "q" if name == "text" else name for name in Narrowing.__slots__}
    return Narrowing(**{name: request.args.get(given, "")[:250] for name, given in names.items()})
