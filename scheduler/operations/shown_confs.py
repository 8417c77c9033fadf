"""What a run or backfill was given, as people are shown it."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.errors import NewerForm, UnreadableGraph
from scheduler.logs.masking import MASK, masked_conf
from scheduler.store.engine import Session
from scheduler.store.versions import load_graph
from scheduler.wire import DagSpec, Data


def shown_conf(
    session: Session,
    version_id: int,
    conf: Data,
    read: Callable[[Session, int], DagSpec] = load_graph,
) -> Data:
    """Return a conf without its secrets, by the schemas of a version and by names.

    Of a version that cannot be read here all is masked: nobody knows what its schemas call secret, and a list is not to
    end at one of its runs.
    """
    if not conf:
        return {}
    try:
        return masked_conf(conf, read(session, version_id).params)
    except (NewerForm, UnreadableGraph):
        return dict.fromkeys(conf, MASK)
