"""One waiter: the process, what it watches, and who is to blame where it hangs or dies."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scheduler.logs.mask import Masker
from scheduler.runtime import kernel
from scheduler.runtime.frames import BadFrame, in_frames
from scheduler.runtime.sockets import open_pair
from scheduler.runtime.supervisor.framed import FramedSocket
from scheduler.runtime.supervisor.link import Ended, Link
from scheduler.runtime.supervisor.nest import user_facts
from scheduler.runtime.supervisor.output import OutputPipe
from scheduler.runtime.supervisor.rate import Allowance
from scheduler.runtime.supervisor.reactor import Timer
from scheduler.runtime.supervisor.services import Services
from scheduler.runtime.supervisor.verdict import storable
from scheduler.runtime.waits import Wait, Waited
from scheduler.shapes import check_shape
from scheduler.wire import Data

_log: Final = logging.getLogger(__name__)
#: A waiter is asked this often whether it lives; what does not answer by the next time is killed.
PING_S: Final = 30.0
#: Bytes of what a waiter printed last.
_TAIL: Final = 4_000


@dataclass(frozen=True, slots=True)
class Death:
    """How a waiter ended."""

    words: str
    culprit: int | None = None  #: the wait whose trigger did it, where that is known
    is_excused: bool = False  #: what is above it died


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a waiter."""

    ended: Callable[[Room, Sequence[Waited]], None]
    said: Callable[[Mapping[int, Sequence[str]]], None]
    died: Callable[[Room, Death], None]


class Room:
    """A waiter and its waits (link.Keeper). Lives on the reactor's thread."""

    def __init__(self, services: Services, code_root: str, ears: Ears) -> None:
        self.code_root = code_root
        self.waits: dict[int, Wait] = {}
        self.is_over = False
        self._services = services
        self._ears = ears
        self._masker = Masker()
        self._printed = Tail()
        self._held: int | None = None
        self._patience: Timer | None = None
        self._ping: Timer | None = None
        self._is_answered = True

    def start(self, base: Link) -> None:
        """Have the process forked. Raises OSError."""
        control, control_theirs = open_pair()
        channel, channel_theirs = open_pair()
        output, output_theirs = os.pipe()
        reactor = self._services.reactor
        facts = {"code_root": self.code_root or "/", **user_facts(self._services.policy.default_account)}
        fds = [control_theirs.detach(), channel_theirs.detach(), output_theirs]
        self._base, self._id = base, base.fork(self, "wait", fds, **facts)
        self._output = OutputPipe(reactor, Allowance(self._services.rate), output, self._printed)
        self._channel = self._services.converse(
            channel, None, self._masker, on_result=self._take_note, on_end=self._broken
        )
        self._control = FramedSocket(reactor, control, on_message=self._take, on_end=self._broken)
        self._ping = reactor.call_later(PING_S, self._ask_for_life)

    def watch(self, waits: Iterable[Wait]) -> None:
        """Watch these, too."""
        new = {wait.id: wait for wait in waits}
        self.waits |= new
        for batch in in_frames(new.values()):
            self._control.send({"watch": batch})

    def drop(self, ids: Iterable[int]) -> None:
        """Watch these no longer."""
        mine = [wait_id for wait_id in ids if self.waits.pop(wait_id, None) is not None]
        if mine:
            self._control.send({"drop": mine})

    def close(self) -> None:
        """End the process, which ends with its control socket."""
        self.is_over = True
        self._release()
        self._base.kill(self._id, signal.SIGKILL)

    def on_started(self, pid: int) -> None:
        """It was forked."""

    def on_ended(self, ended: Ended) -> None:
        """It ended by itself, or was killed: for what a trigger did, unless nobody watches here any more."""
        self._end(Death(f"its waiter {kernel.death_words(ended.status)}", self._held))

    def on_lost(self, reason: str) -> None:
        """What forked it is gone."""
        self._end(Death(reason, is_excused=True))

    def _end(self, death: Death) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._control.drain()
        self._release()
        if tail := self._printed.text():
            _log.error("A waiter printed before it died: %s", self._masker.mask(tail))
        self._ears.died(self, death)

    def _release(self) -> None:
        for timer in (self._ping, self._patience):
            if timer is not None:
                timer.cancel()
        self._control.close()
        self._channel.close()
        self._output.finish()

    def _broken(self, fault: str) -> None:
        """It closed a socket, or sends what cannot be read."""
        if fault:
            _log.error("A waiter is ended: %s", fault)
        self._base.kill(self._id, signal.SIGKILL)

    def _take(self, message: Data) -> None:
        try:
            said, ended = self._read(message)
        except (KeyError, TypeError, ValueError) as error:
            raise BadFrame(f"it sent what cannot be read: {error}") from error
        self._is_answered = self._is_answered or "pong" in message
        if said:
            self._ears.said(said)
        if ended:
            for each in ended:
                if not each.goes_on:
                    self.waits.pop(each.id, None)
            self._ears.ended(self, ended)

    def _read(self, message: Data) -> tuple[dict[int, list[str]], list[Waited]]:
        """Return what is told of waits that are watched here, with what is secret masked."""

        said = {
            int(wait_id): [str(line) for line in lines] for wait_id, lines in message.get("said", {}).items()
        }
        ended = [Waited(**{**data, "secrets": ()}) for data in message.get("ended", ())]
        for each in ended:
            check_shape(each)
        mine = [each for each in ended if each.id in self.waits]
        return (
            {
                wait_id: self._masked(wait_id, lines)
                for wait_id, lines in said.items()
                if wait_id in self.waits
            },
            [self._calm(each) for each in mine],
        )

    def _masked(self, wait_id: int, texts: Iterable[str]) -> list[str]:
        """Hide what its waiter was given as secret, and what the task was that waits."""
        own = Masker(self.waits[wait_id].secrets)
        return [storable(own.mask(self._masker.mask(text))) for text in texts]

    def _calm(self, waited: Waited) -> Waited:
        """Mask what is told of an asset: people read it. What a task waits for reaches it as it is."""
        error, traceback = self._masked(waited.id, (waited.error, waited.traceback))
        waited = replace(waited, error=error, traceback=traceback)
        if self.waits[waited.id].is_lasting:
            return replace(waited, event=self._masker.mask_data(waited.event))
        return replace(waited, secrets=self._masker.found_in(waited.event, waited.xcoms))

    def _take_note(self, message: Data) -> None:
        """Hear who holds the event loop, and that it is free again."""
        if self._patience is not None:
            self._patience.cancel()
        held = message.get("held")
        self._held = held if isinstance(held, int) else None
        if "held" not in message:
            return
        name = self._name_of(self._held)
        _log.warning("%s holds the event loop of its waiter:\n%s", name, str(message.get("stack"))[:_TAIL])
        self._patience = self._services.reactor.call_later(self._services.limits.held_s, self._lose_patience)

    def _name_of(self, wait_id: int | None) -> str:
        wait = self.waits.get(wait_id) if wait_id is not None else None
        return f"The trigger {wait.trigger} of {wait.name}" if wait else "A trigger"

    def _lose_patience(self) -> None:
        _log.error("%s does not come back: its waiter is ended.", self._name_of(self._held))
        self._base.kill(self._id, signal.SIGKILL)

    def _ask_for_life(self) -> None:
        if not self._is_answered:
            _log.error("A waiter did not answer for %g s, and is ended.", PING_S)
            self._base.kill(self._id, signal.SIGKILL)
            return
        self._is_answered = False
        self._control.send({"ping": 1})
        self._ping = self._services.reactor.call_later(PING_S, self._ask_for_life)


class Tail:
    """The end of what a waiter printed past its triggers' lines: how the interpreter died (output.Output)."""

    def __init__(self) -> None:
        self._kept = b""

    @property
    def may_skip(self) -> bool:
        """Take all of it."""
        return False

    def text(self) -> str:
        """Return it."""
        return self._kept.decode(errors="replace").strip()

    def take(self, piece: bytes) -> int:
        """Keep the end."""
        self._kept = (self._kept + piece)[-_TAIL:]
        return 0

    def skip(self, piece: bytes) -> None:
        """Nothing is passed over."""

    def catch_up(self) -> None:
        """Nothing was passed over."""
