"""What runs return: the return values of the tasks whose DAG says so."""

from __future__ import annotations

import json
from collections.abc import Collection
from itertools import groupby

import sqlalchemy as sa

from scheduler.core.dimensions import in_order
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import xcom
from scheduler.store.xcoms import RETURN_VALUE
from scheduler.wire import Data

X = xcom.c


def read_results(
    session: Session, run_pk: int, task_ids: Collection[str], loops: Collection[str] = ()
) -> Data:
    """Return what these tasks of a run returned, by task: of many instances a list in the order of their indices.

    Of `loops`, the tasks that are looped, what the last iteration returned.
    """
    if not task_ids:
        return {}
    query = sa.select(X.task_id, X.path, X.value).where(
        X.run_pk == run_pk, one_of(X.task_id, "names"), X.key == RETURN_VALUE
    )
    rows = session.execute(query, {"names": sorted(task_ids)}).all()
    ordered = sorted(rows, key=lambda row: (row.task_id, in_order(row.path)))
    found: Data = {}
    for task_id, of_task in groupby(ordered, key=lambda row: row.task_id):
        is_looped = task_id in loops
        texts = {row.path.rpartition(".")[0] if is_looped else row.path: row.value for row in of_task}
        values = [json.loads(text) for text in texts.values()]
        found[task_id] = values[0] if "" in texts else values
    return found
