"""Say that an asset has changed, and have it made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from scheduler.core.assets import Change
from scheduler.core.states import RunType
from scheduler.errors import Conflict
from scheduler.operations.conf import check_conf
from scheduler.operations.partition_keys import check_partition_key
from scheduler.operations.trigger import RunRef, trigger_run
from scheduler.store.asset_events import NewEvent, Source, put_events
from scheduler.store.asset_history import EventRow
from scheduler.store.assets import get_asset, list_uses
from scheduler.store.engine import Session
from scheduler.wire import Data, Json


def emit_event(
    session: Session,
    now: datetime,
    name: str,
    *,
    extra: Mapping[str, Json] | None = None,
    partition_key: str = "",
    actor: str,
) -> int:
    """Write an event of an asset by hand; what waits for it runs. Return its id.

    Raises NotFound, BadConf for an extra that is no object, BadParams for a key that is too long.
    """
    found = get_asset(session, name)
    key = check_partition_key(partition_key) or ""
    change = Change(name=found.name, extra=dict(check_conf(extra or {}, "extra")), partition_key=key)
    (event_id,) = put_events(session, now, [NewEvent(change, Source(actor=actor))])
    return event_id


def materialize(
    session: Session,
    now: datetime,
    name: str,
    *,
    seen: Collection[str] | None = None,
    conf: Mapping[str, Json] | None = None,
    run_id: str | None = None,
    note: str = "",
    partition_key: str | None = None,
    actor: str,
) -> RunRef:
    """Start a run of the one DAG that makes an asset; of those only that are `seen`, where that is given.

    Raises NotFound, Conflict where no DAG makes it or several do, and as `trigger_run` does.
    """
    found = get_asset(session, name)
    marks = {("name", found.name), ("uri", found.uri)}
    makers = sorted(
        {each.dag_id for each in list_uses(session) if each.role == "outlet" and each.mark in marks}
    )
    makers = [each for each in makers if seen is None or each in seen]
    if not makers:
        raise Conflict(f"No DAG makes the asset {found.name!r}: no task of one names it in outlets=.")
    if len(makers) > 1:
        raise Conflict(
            f"Several DAGs make the asset {found.name!r}: trigger one of them, {', '.join(makers)}."
        )
    return trigger_run(
        session,
        now,
        makers[0],
        conf=conf,
        run_id=run_id,
        note=note,
        partition_key=partition_key,
        actor=actor,
        run_type=RunType.ASSET_MATERIALIZATION,
    )


def told(event: EventRow) -> Data:
    """Return an event as the code of a task is told of it (`sdk.asset_events.event_of`)."""
    interval = (event.logical_date, event.data_interval_start, event.data_interval_end)
    return {
        "id": event.id,
        "name": event.name,
        "uri": event.uri,
        "group": event.group,
        "asset_extra": event.asset_extra,
        "at": event.at.isoformat(),
        "extra": event.extra,
        "dag_id": event.dag_id,
        "run_id": event.run_id,
        "task_id": event.task_id,
        "path": event.path,
        "partition_key": event.partition_key,
        "aliases": [event.alias] if event.alias else [],
        "interval": [each.isoformat() if each else None for each in interval],
    }
