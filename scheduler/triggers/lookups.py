"""What triggers ask about other runs, all triggers of a waiter in one request a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from scheduler.errors import DirigentError
from scheduler.sdk.variables import current_reader

#: Seconds between two requests; what is asked meanwhile waits for the next.
EVERY_S: Final = 1.0
#: What is asked at once, at most.
MOST: Final = 1_000


class Asked(NamedTuple):
    """Runs of a DAG, by id or by logical date (ISO 8601), and whether the states of their tasks are wanted."""

    dag_id: str
    run_id: str | None = None
    logical_date: str | None = None
    wants_tasks: bool = False


#: States by run_id, and of each run the states of its tasks, by `task_id` or `task_id[path]`.
Found = dict[str, Any]


async def look_up(asked: Iterable[Asked]) -> list[Found]:
    """Return what stands of each: {"runs": {run_id: state}, "tasks": {run_id: {task: state}}}; empty where none is."""
    loop = asyncio.get_running_loop()
    gathering = _GATHERING.setdefault(loop, _Gathering(loop, _request()))
    return list(await asyncio.gather(*map(gathering.ask, asked)))


def _request() -> Callable[[list[Asked]], list[Found]]:
    request: Callable[[list[Asked]], list[Found]] | None = getattr(current_reader(), "look_up", None)
    if request is None:
        raise DirigentError("Other runs can be looked up where Dirigent runs; there is none here.")
    return request


@dataclass(slots=True, eq=False, weakref_slot=True)
class _Gathering:
    loop: asyncio.AbstractEventLoop
    request: Callable[[list[Asked]], list[Found]]
    waiting: dict[Asked, asyncio.Future[Found]] = field(default_factory=dict)
    sent_at: float = 0.0

    def ask(self, asked: Asked) -> asyncio.Future[Found]:
        """Ask with the next request; whoever asks the same meanwhile gets the same answer."""
        if not self.waiting:
            pause = max(0.0, self.sent_at + EVERY_S - self.loop.time())
            self.loop.call_later(pause, lambda: self.loop.create_task(self._send()))
        if asked not in self.waiting:
            self.waiting[asked] = self.loop.create_future()
        return asyncio.shield(self.waiting[asked])

    async def _send(self) -> None:
        waiting, self.waiting = self.waiting, {}
        self.sent_at = self.loop.time()
        asked = list(waiting)
        for start in range(0, len(asked), MOST):
            await self._send_part(asked[start : start + MOST], waiting)

    async def _send_part(self, part: list[Asked], waiting: dict[Asked, asyncio.Future[Found]]) -> None:
        try:
            found = await asyncio.to_thread(self.request, part)
        except Exception as error:  # noqa: BLE001 - each of those who asked is to hear of it
            for each in part:
                waiting[each].set_exception(error)
            return
        for each, answer in zip(part, found, strict=True):
            waiting[each].set_result(answer)


_GATHERING: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Gathering]] = WeakKeyDictionary()
