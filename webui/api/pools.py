"""Pools."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from scheduler.errors import AlreadyExists, BadParams, NotFound
from scheduler.operations.pools import remove_pool, set_pool
from scheduler.security.rights import Right
from scheduler.store.engine import Session
from scheduler.store.pools import Pool, find_pool
from scheduler.store.teams import teams_of
from scheduler.store.views.noun_lists import list_some_pools, pool_load_fields, slots_by_state
from webui.api.bulk import BulkDone, Noun, carry_out
from webui.api.frame import Fields, Routes
from webui.api.shapes import pools as shapes
from webui.context import actor, now, reading, writing
from webui.owning import check_owned, give_to
from webui.rights import needs

routes = Routes("api_pools", "/api/v2/pools", tag="Pool")


@routes.get("", answers=shapes.Pools)
@needs(Right.POOL_READ)
def get_pools(query: shapes.PoolsWanted) -> Fields:
    """Return the pools, by name or by `order_by`."""
    with reading() as session:
        found, total = list_some_pools(session, query.choice(), limit=query.count, offset=query.offset)
        return {"pools": _fields(session, found), "total_entries": total}


@routes.get("/<path:pool_name>", answers=shapes.Pool)
@needs(Right.POOL_READ)
def get_pool(pool_name: str) -> Fields:
    """Return one pool."""
    with reading() as session:
        found = find_pool(session, pool_name)
        if found is None:
            raise NotFound("pool", pool_name)
        return _fields(session, [found])[0]


def _fields(session: Session, found: Sequence[Pool]) -> list[Fields]:
    teams, taken = teams_of(session, "pool", [each.name for each in found]), slots_by_state(session)
    return [
        {**pool_load_fields(each, taken.get(each.name, {})), "team_name": teams[each.name]} for each in found
    ]


@routes.post("", answers=shapes.Pool, status=201)
@needs(Right.POOL_EDIT)
def post_pool(body: shapes.PoolBody) -> Fields:
    """Make a pool."""

    def work(session: Session) -> None:
        if _exists(session, body.name):
            raise AlreadyExists("pool", body.name)
        _put(session, body, None)

    writing(work)
    return get_pool(body.name)


@routes.patch("/<path:pool_name>", answers=shapes.Pool)
@needs(Right.POOL_EDIT)
def patch_pool(pool_name: str, query: shapes.PoolMask, body: shapes.PoolPatch) -> Fields:
    """Change a pool."""
    if (named := body.name or body.pool) not in (None, pool_name):
        raise BadParams(
            f"The body names pool {named[:80]!r}, the address {pool_name!r}: a pool keeps its name."
        )

    def work(session: Session) -> None:
        if not _exists(session, pool_name):
            raise NotFound("pool", pool_name)
        _change(session, pool_name, body, query.update_mask or None)

    writing(work)
    return get_pool(pool_name)


@routes.delete("/<path:pool_name>")
@needs(Right.POOL_EDIT)
def delete_pool(pool_name: str) -> None:
    """Delete a pool; its tasks wait until it is back."""
    writing(lambda session: _delete(session, pool_name))


@routes.patch("", answers=BulkDone)
@needs(Right.POOL_EDIT)
def bulk_pools(body: shapes.PoolsBulk) -> Fields:
    """Make, change and delete many pools."""
    return writing(partial(carry_out, noun=_NOUN, bulk=body))


def _exists(session: Session, name: str) -> bool:
    return check_owned(session, "pool", name, Right.POOL_EDIT)


def _put(session: Session, body: shapes.PoolBody, mask: Sequence[str] | None) -> None:
    is_new = not _exists(session, body.name)
    _change(session, body.name, body, mask)
    if is_new:
        give_to(session, "pool", body.name, Right.POOL_EDIT, body.team_name)


def _change(
    session: Session, name: str, body: shapes.PoolBody | shapes.PoolPatch, mask: Sequence[str] | None
) -> None:
    counting = body.model_fields_set if mask is None else body.model_fields_set & set(mask)
    before = find_pool(session, name)
    slots = body.slots if "slots" in counting and body.slots is not None else None
    set_pool(
        session,
        now(),
        name,
        slots if slots is not None else before.slots if before else 0,
        description=(body.description or "") if "description" in counting else None,
        include_deferred=body.include_deferred if "include_deferred" in counting else None,
        actor=actor(),
    )


def _delete(session: Session, name: str) -> None:
    _exists(session, name)
    remove_pool(session, now(), name, actor=actor())


_NOUN: Final[Noun[shapes.PoolBody]] = Noun("pool", lambda body: body.name, _exists, _put, _delete)
