"""State that tasks keep between their attempts, and with assets: what they ask for, and what people do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from scheduler.clock import Clock
from scheduler.errors import BadParams, Conflict, NotFound
from scheduler.operations.finding import any_task, get_run, get_task
from scheduler.operations.names import check_name
from scheduler.store.assets import find_asset
from scheduler.store.engine import Session
from scheduler.store.events import Event, append
from scheduler.store.fences import require_live
from scheduler.store.state_stores import (
    AssetScope,
    InstancesScope,
    Scope,
    StateRow,
    TaskScope,
    delete_states,
    get_state,
    list_states,
    put_state,
)
from scheduler.store.tasks import TaskRow
from scheduler.store.transaction import keep_quiet
from scheduler.wire import STATE_NEVER_EXPIRES, Data, Job, Json

Verb = Callable[[Session, Job, Data], Any]
#: What a key is called where it cannot be one.
_KEY: Final = "state key"
#: Characters of the name of an asset, or of its URI.
_LONGEST_ASSET: Final = 1_500


@dataclass(frozen=True, slots=True)
class StateVerbs:
    """Answers running tasks. What they keep expires after `days` where they say nothing; 0: with its run."""

    clock: Clock
    days: float

    @property
    def reading(self) -> Mapping[str, Verb]:
        """What changes nothing."""
        return {"get_state": self._get, "state_keys": self._keys}

    @property
    def writing(self) -> Mapping[str, Verb]:
        """What a live attempt may do."""
        return {"set_state": self._set, "delete_state": self._delete}

    def _get(self, session: Session, job: Job, args: Data) -> Json:
        run_pk = get_run(session, job.run.dag_id, job.run.run_id).id
        return get_state(session, self.clock.now(), _scope(session, job, run_pk, args), args["key"])

    def _keys(self, session: Session, job: Job, args: Data) -> list[str]:
        run_pk = get_run(session, job.run.dag_id, job.run.run_id).id
        return [
            each.key for each in list_states(session, self.clock.now(), _scope(session, job, run_pk, args))
        ]

    def _set(self, session: Session, job: Job, args: Data) -> None:
        run_pk = require_live(session, job.attempt_id, job.epoch).run_pk
        scope = _scope(session, job, run_pk, args)
        now, key = self.clock.now(), check_name(_KEY, args["key"])
        actor = f"task:{job.run.dag_id}.{job.task_id}"
        until = self._expires_at(now, args.get("retention"))
        shown = args.get("shown")
        put_state(session, now, scope, key, args["value"], shown=shown, expires_at=until, updated_by=actor)
        keep_quiet(session)

    def _delete(self, session: Session, job: Job, args: Data) -> None:
        run_pk = require_live(session, job.attempt_id, job.epoch).run_pk
        scope = _scope(session, job, run_pk, args)
        delete_states(session, scope, args["key"])
        keep_quiet(session)

    def _expires_at(self, now: datetime, retention: Json) -> datetime | None:
        if retention is None:
            return now + timedelta(days=self.days) if self.days else None
        return None if retention == STATE_NEVER_EXPIRES else now + timedelta(seconds=retention)


def _scope(session: Session, job: Job, run_pk: int, args: Data) -> Scope:
    if (asset := args.get("asset")) is not None:
        return asset_scope(session, asset)
    if not job.task_id:
        raise Conflict("task_state_store belongs to a task; a callback of the DAG has none.")
    return TaskScope(run_pk, job.task_id, job.path)


def asset_scope(session: Session, asset: str) -> AssetScope:
    """Return an asset by its name, or by its URI where one that is known lies there. Raises BadParams."""
    if not 0 < len(asset) <= _LONGEST_ASSET or not asset.isprintable():
        raise BadParams(f"{asset[:80]!r} names no asset: up to {_LONGEST_ASSET} printable characters do.")
    known = find_asset(session, asset)
    return AssetScope(known.name if known else asset)


def set_asset_state(
    session: Session, now: datetime, asset: str, key: str, value: Json, *, actor: str
) -> None:
    """Change what is kept with an asset. Raises BadName, BadParams, TooLarge, Conflict."""
    scope = asset_scope(session, asset)
    put_state(session, now, scope, check_name(_KEY, key), value, updated_by=actor)
    append(session, [Event(at=now, kind="asset.kept", actor=actor, reason=f"{scope.asset}: {key!r} was set")])


def remove_asset_states(session: Session, now: datetime, asset: str, key: str | None, *, actor: str) -> int:
    """Delete a key of an asset, or all without one; return how many. Raises NotFound."""
    scope = asset_scope(session, asset)
    count = delete_states(session, scope, key)
    if key is not None and not count:
        raise NotFound(_KEY, key)
    what = f"{scope.asset}: " + ("all of its state" if key is None else f"{key!r}")
    append(session, [Event(at=now, kind="asset.kept", actor=actor, reason=f"{what} was deleted")])
    return count


def read_asset_states(session: Session, now: datetime, asset: str) -> list[StateRow]:
    """Return what is kept with an asset, by key. Raises BadParams."""
    return list_states(session, now, asset_scope(session, asset))


def read_states(
    session: Session, now: datetime, dag_id: str, run_id: str, task_id: str, *, path: str = ""
) -> list[StateRow]:
    """Return what a task instance keeps, by key. Raises NotFound."""
    task = get_task(session, get_run(session, dag_id, run_id), task_id, path)
    return list_states(session, now, _scope_of(task))


def read_state(
    session: Session, now: datetime, dag_id: str, run_id: str, task_id: str, key: str, *, path: str = ""
) -> StateRow:
    """Return one of them. Raises NotFound."""
    for row in read_states(session, now, dag_id, run_id, task_id, path=path):
        if row.key == key:
            return row
    raise NotFound(_KEY, key)


def set_state(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    task_id: str,
    key: str,
    value: Json,
    *,
    path: str = "",
    actor: str,
    expires_at: datetime | None = None,
) -> None:
    """Change what a task instance keeps; its next attempt finds it. It stays as long as its run, or until it expires.

    Raises NotFound, BadName, TooLarge, Conflict.
    """
    task = get_task(session, get_run(session, dag_id, run_id), task_id, path)
    put_state(session, now, _scope_of(task), check_name(_KEY, key), value, expires_at=expires_at)
    append(session, [_event(now, dag_id, task, actor, f"state {key!r} was set")])


def remove_states(
    session: Session,
    now: datetime,
    dag_id: str,
    run_id: str,
    task_id: str,
    key: str | None,
    *,
    path: str | None = "",
    actor: str,
) -> int:
    """Delete a key of a task instance, or all without one; return how many. Without a path of all its instances.

    Raises NotFound.
    """
    run = get_run(session, dag_id, run_id)
    task = get_task(session, run, task_id, path) if path is not None else any_task(session, run, task_id)
    scope = _scope_of(task) if path is not None else InstancesScope(run.id, task_id)
    count = delete_states(session, scope, key)
    if key is not None and not count:
        raise NotFound(_KEY, key)
    what = "all of its state" if key is None else f"state {key!r}"
    append(session, [_event(now, dag_id, task, actor, f"{what} was deleted")])
    return count


def _scope_of(task: TaskRow) -> TaskScope:
    return TaskScope(task.run_pk, task.task_id, task.path)


def _event(now: datetime, dag_id: str, task: TaskRow, actor: str, reason: str) -> Event:
    return Event(
        at=now,
        kind="task.kept",
        dag_id=dag_id,
        run_pk=task.run_pk,
        ti_id=task.id,
        actor=actor,
        reason=reason,
    )
