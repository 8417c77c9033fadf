"""One wait from its beginning to its end: the trigger made, awaited and cleaned up after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, Final

from scheduler.clock import parse_instant
from scheduler.runtime.child.blame import blame
from scheduler.runtime.child.trigger_classes import make_trigger
from scheduler.runtime.waits import Wait, Waited
from scheduler.sdk.context import current_clock
from scheduler.sdk.deferral import BaseTaskEndEvent, BaseTrigger, TriggerEvent
from scheduler.sdk.variables import Reader
from scheduler.sdk.xcom import encode

_log: Final = logging.getLogger("dirigent.waiter")
#: How long a trigger gets to give back what it took.
_CLEANUP_S: Final = 10.0


async def outcome_of(wait: Wait, reader: Reader) -> Waited:
    """Watch a trigger until its first event, its end, or its time is up. Whatever it raises becomes an outcome."""
    try:
        trigger = make_trigger(wait, reader)
        try:
            return await _event_in_time(wait, trigger)
        finally:
            await _clean_up(trigger)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - a trigger is user code, and its neighbours are others'
        return _failed(wait, error)


async def tell_events(wait: Wait, reader: Reader, tell: Callable[[Waited], None]) -> None:
    """Watch a trigger that is lasting, and tell each of its events; at its end, or where it raises, that it is over."""
    ended = Waited(id=wait.id, kind="success")
    try:
        trigger = make_trigger(wait, reader)
        try:
            async for event in trigger.run():
                tell(replace(_waited(wait, event), kind="event", goes_on=True))
        finally:
            await _clean_up(trigger)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - a trigger is user code, and its neighbours are others'
        ended = _failed(wait, error)
    tell(ended)


async def _event_in_time(wait: Wait, trigger: BaseTrigger) -> Waited:
    limit = asyncio.timeout(_left_s(wait))
    try:
        async with limit:
            return _waited(wait, await _first_event(trigger))
    except TimeoutError:
        if limit.expired():
            return Waited(id=wait.id, kind="timeout")
        raise


def _left_s(wait: Wait) -> float | None:
    if wait.timeout_at is None:
        return None
    return max(0.0, (parse_instant(wait.timeout_at) - current_clock().now()).total_seconds())


async def _first_event(trigger: BaseTrigger) -> TriggerEvent:
    """Return the first event of a trigger, and close its generator."""
    events: AsyncIterator[TriggerEvent] = trigger.run()
    try:
        async for event in events:
            return event
    finally:
        close: Callable[[], Any] | None = getattr(events, "aclose", None)
        if close is not None:
            await close()
    raise RuntimeError("run() of the trigger ended without an event; have it yield a TriggerEvent")


async def _clean_up(trigger: BaseTrigger) -> None:
    try:
        async with asyncio.timeout(_CLEANUP_S):
            await trigger.cleanup()
    except Exception:  # noqa: BLE001 - what it waited for has come all the same
        _log.exception("cleanup() of the trigger failed")


def _waited(wait: Wait, event: TriggerEvent) -> Waited:
    if isinstance(event, BaseTaskEndEvent):
        xcoms = encode(event.xcoms or {}, what="The xcoms of the event")
        return Waited(id=wait.id, kind=event.state, xcoms=xcoms)
    payload = getattr(event, "payload", event)
    return Waited(id=wait.id, kind="event", event=encode(payload, what="The payload of the event"))


def cancelled(wait: Wait) -> Waited:
    """Return how a wait ends whose trigger was cancelled by code beside it, or raised CancelledError itself."""
    name = wait.trigger.rpartition(".")[2]
    return Waited(id=wait.id, kind="error", error=f"trigger {name} was cancelled by code that runs beside it")


def _failed(wait: Wait, error: BaseException) -> Waited:
    info = blame(error, wait.code_root or "/")
    line = f"trigger {wait.trigger.rpartition('.')[2]} failed: {info.line}"
    return Waited(id=wait.id, kind="error", error=line, traceback=info.traceback)
