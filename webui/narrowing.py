"""Which DAGs a page or an answer is about, as its address says: `?dag_id=`, `owner=`, `team=`, `tag=`."""

from __future__ import annotations

from flask import request

from scheduler.store.views.ownership import Narrowing


def narrowing() -> Narrowing:
    """Read it from the request."""
    return Narrowing(**{name: request.args.get(name, "")[:250] for name in Narrowing.__slots__})
