"""The waiter: one event loop on which the triggers of thousands of deferred tasks wait.

It is told what to watch, and tells how each wait ended. What a trigger raises ends its own wait alone. One that
blocks the loop is found by a thread beside it (`loop_guard`), which says whose turn it is; who started this process
ends it where the trigger does not come back.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from functools import partial
from typing import Any, Final

from scheduler.runtime.child.lines import CURRENT_WAIT, Lines, Printed
from scheduler.runtime.child.loop_guard import LoopGuard
from scheduler.runtime.child.pipe import PipeChannel
from scheduler.runtime.child.watching import cancelled, outcome_of, tell_events
from scheduler.runtime.frames import EXIT_NO_CHANNEL, FrameReader, encode, in_frames
from scheduler.runtime.waits import Wait, Waited
from scheduler.sdk.variables import reading_from
from scheduler.wire import Data

_log: Final = logging.getLogger("dirigent.waiter")
#: Lines that triggers say are delivered this long after the first.
_SAID_IN_S: Final = 1.0


def serve(control: socket.socket, channel: PipeChannel) -> None:
    """Watch triggers until the supervisor is gone."""
    with reading_from(channel):
        asyncio.run(Waiter(channel).serve(control))


class Waiter:
    """Watches what it is told to."""

    def __init__(self, channel: PipeChannel) -> None:
        self._channel = channel
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._dropped: set[asyncio.Task[None]] = set()
        self._ended: list[Waited] = []
        self._lines = Lines(self._deliver_soon)
        self._is_due = False

    async def serve(self, control: socket.socket) -> None:
        """Do what the supervisor asks, until it is gone."""
        self._loop = asyncio.get_running_loop()
        reader, self._writer = await asyncio.open_connection(sock=control)
        self._take_over_output()
        LoopGuard(self._loop, self._channel.tell).start()
        frames = FrameReader()
        while piece := await reader.read(65536):
            for message in frames.feed(piece):
                self._obey(message)
        # Nobody is left to tell; triggers may refuse to end.
        os._exit(EXIT_NO_CHANNEL)

    def _take_over_output(self) -> None:
        root = logging.getLogger()
        root.handlers[:] = [self._lines]
        root.setLevel(logging.INFO)
        sys.stdout = sys.stderr = Printed(self._lines)
        self._loop.set_exception_handler(_note_stray)

    def _obey(self, message: Data) -> None:
        for data in message.get("watch", ()):
            self._begin(Wait(**data))
        for wait_id in message.get("drop", ()):
            task = self._tasks.pop(wait_id, None)
            if task is not None:
                self._dropped.add(task)
                task.cancel()
        if "ping" in message:
            self._writer.write(encode({"pong": message["ping"]}))

    def _begin(self, wait: Wait) -> None:
        task = self._tasks[wait.id] = self._loop.create_task(self._watch(wait), name=str(wait.id))
        task.add_done_callback(partial(self._forget, wait.id))

    def _forget(self, wait_id: int, task: asyncio.Task[None]) -> None:
        """Let go of a task that ended; the same wait may be watched anew by now."""
        self._dropped.discard(task)
        if self._tasks.get(wait_id) is task:
            del self._tasks[wait_id]

    async def _watch(self, wait: Wait) -> None:
        CURRENT_WAIT.set(wait.id)
        try:
            if wait.is_lasting:
                await tell_events(wait, self._channel, self._end)
            else:
                self._end(await outcome_of(wait, self._channel))
        except asyncio.CancelledError:
            if asyncio.current_task() in self._dropped:
                raise
            self._end(cancelled(wait))

    def _end(self, waited: Waited) -> None:
        self._ended.append(waited)
        if len(self._ended) == 1:
            self._loop.call_soon(self._deliver)

    def _deliver_soon(self) -> None:
        """Deliver lines in a while; from any thread."""
        self._loop.call_soon_threadsafe(self._loop.call_later, _SAID_IN_S, self._deliver)

    def _deliver(self) -> None:
        """Tell what triggers said, and which waits ended: lines first, as they belong to them."""
        for lines in in_frames(self._lines.take().items()):
            self._writer.write(encode({"said": dict(lines)}))
        ended, self._ended = self._ended, []
        for batch in in_frames(ended):
            self._writer.write(encode({"ended": batch}))


def _note_stray(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what asyncio found that belongs to no wait."""
    _log.warning("%s", context.get("message"), exc_info=context.get("exception"))
