"""What mapped tasks are mapped over, and what all their instances handed on: measured, and read in parts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

import sqlalchemy as sa

from scheduler.core.dimensions import depth_of, in_order, is_within, upper
from scheduler.core.ids import TaskKey
from scheduler.core.loops import newest
from scheduler.errors import NotFound
from scheduler.items import describe, item_of, length_of
from scheduler.store.batches import in_batches
from scheduler.store.engine import Session
from scheduler.store.lists import one_of
from scheduler.store.tables import xcom
from scheduler.wire import Json

X = xcom.c
#: Characters of a value by which its type is told.
_GLANCE: Final = 80


class Handed(NamedTuple):
    """What an instance of a task handed on under a key."""

    task: TaskKey
    key: str


class Page(NamedTuple):
    """Some of the values of many instances, in the order of their indices, and how many there are in all."""

    total: int
    values: list[Json]


def lengths(session: Session, run_pk: int, wanted: Collection[Handed]) -> dict[Handed, int | str]:
    """Return the length of each value that is there; words for one that has none, such as "a str"."""
    if not wanted:
        return {}
    query = sa.select(X.task_id, X.path, X.key, X.length).where(
        X.run_pk == run_pk, one_of(X.task_id, "names"), one_of(X.path, "paths"), one_of(X.key, "keys")
    )
    binds = {
        "names": sorted({each.task.task_id for each in wanted}),
        "paths": sorted({each.task.path for each in wanted}),
        "keys": sorted({each.key for each in wanted}),
    }
    found = {Handed(TaskKey(*row[:2]), row[2]): row[3] for row in session.execute(query, binds)}
    return {
        each: _described(session, run_pk, each) if length is None else length
        for each, length in found.items()
        if each in wanted
    }


def _described(session: Session, run_pk: int, which: Handed) -> int | str:
    """Say what a value is that was kept without a length; one of an earlier release is measured."""
    where = (
        X.run_pk == run_pk,
        X.task_id == which.task.task_id,
        X.path == which.task.path,
        X.key == which.key,
    )
    start = session.execute(sa.select(sa.func.substr(X.value, 1, _GLANCE)).where(*where)).scalar_one()
    if start[0] in "[{":
        value = json.loads(session.execute(sa.select(X.value).where(*where)).scalar_one())
        length = length_of(value)
        return describe(value) if length is None else length
    return f"the {_type(start)} {start if len(start) < _GLANCE else start + '…'}"


def _type(start: str) -> str:
    """Return the name of the type that a JSON text is of."""
    if start[0] == '"':
        return "str"
    if start in ("true", "false"):
        return "bool"
    return "float" if set(start) & set(".eE") else "int"


def count_instances(session: Session, run_pk: int, scopes: Iterable[Handed]) -> dict[Handed, int]:
    """Count, for each, the instances below it that handed something on."""
    wanted = set(scopes)
    if not wanted:
        return {}
    query = sa.select(X.task_id, X.path, X.key).where(
        X.run_pk == run_pk, one_of(X.task_id, "names"), one_of(X.key, "keys"), X.path != ""
    )
    binds = {
        "names": sorted({each.task.task_id for each in wanted}),
        "keys": sorted({each.key for each in wanted}),
    }
    counts: Counter[Handed] = Counter(dict.fromkeys(wanted, 0))
    for task_id, path, key in session.execute(query, binds):
        for depth in range(depth_of(path) + 1):
            if (scope := Handed(TaskKey(task_id, upper(path, depth)), key)) in wanted:
                counts[scope] += 1
    return dict(counts)


def read_instances(
    session: Session, run_pk: int, which: Handed, start: int, limit: int, *, is_newest: bool = False
) -> Page:
    """Return what the instances at and below a path handed on, from the `start`th on.

    `is_newest`: of each loop what the newest iteration did.
    """
    where = (X.run_pk == run_pk, X.task_id == which.task.task_id, X.key == which.key)
    paths = [
        path
        for path in session.execute(sa.select(X.path).where(*where)).scalars()
        if is_within(path, which.task.path)
    ]
    if is_newest and paths:
        paths = newest(paths, depth_of(paths[0]))
    chosen = sorted(paths, key=in_order)[start : start + limit]
    texts: dict[str, str] = {}
    for batch in in_batches(chosen, 1000):
        query = sa.select(X.path, X.value).where(*where, one_of(X.path, "paths"))
        texts.update((path, text) for path, text in session.execute(query, {"paths": batch}))
    return Page(len(paths), [json.loads(texts[path]) for path in chosen])


def read_item(session: Session, run_pk: int, which: Handed, index: int) -> Json:
    """Return one item of a list, or of a dict one pair of key and value. Raises NotFound."""
    text = session.scalar(
        sa.select(X.value).where(
            X.run_pk == run_pk, X.task_id == which.task.task_id, X.path == which.task.path, X.key == which.key
        )
    )
    value = None if text is None else json.loads(text)
    if value is None or not 0 <= index < (length_of(value) or 0):
        raise NotFound("item", f"{index} of what task {which.task.task_id} handed on under {which.key!r}")
    return item_of(value, index)
