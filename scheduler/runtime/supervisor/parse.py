"""One parse of a DAG file, from the request to the answer."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from scheduler.logs.mask import Masker
from scheduler.runtime import kernel
from scheduler.runtime.frames import PARSE_LIMIT
from scheduler.runtime.sockets import open_pair
from scheduler.runtime.supervisor.bounds import Bounds, megabytes
from scheduler.runtime.supervisor.conversation import Conversation
from scheduler.runtime.supervisor.link import Ended, Link
from scheduler.runtime.supervisor.nest import user_facts
from scheduler.runtime.supervisor.output import OutputPipe
from scheduler.runtime.supervisor.rate import Allowance
from scheduler.runtime.supervisor.reactor import Timer
from scheduler.runtime.supervisor.services import Services
from scheduler.shapes import check_shape
from scheduler.wire import Data, ErrorInfo, ParsedFile, parsed_from_data

#: Bytes of what the file printed that are kept.
_OUTPUT: Final = 64_000
#: Beyond the time limit, in which the child can say itself where it hangs.
_GRACE_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseRequest:
    """What to import, and what that may take."""

    code_root: str
    file: str
    timeout_s: float
    memory_bytes: int | None
    packages: Path | None = None


class Parse:
    """Waits for the answer of one child.

    Whatever becomes of it, `result` gets a ParsedFile. Reactor's thread.
    """

    def __init__(
        self, services: Services, request: ParseRequest, retry: Callable[[Parse], None] | None
    ) -> None:
        self.bounds = Bounds()
        self.result: Future[ParsedFile] = Future()
        self._services = services
        self._request = request
        self._retry = retry
        self._masker = Masker()
        self._printed = _Prints()
        self._message: Data | None = None
        self._fault = ""
        self._channel: Conversation | None = None
        self._output: OutputPipe | None = None
        self._timer: Timer | None = None
        self._is_over = False

    def say(self, level: str, text: str) -> None:
        """A parse has no log."""

    def hide(self, known: Masker) -> None:
        """A bare preloader was given nothing."""

    def on_seat(self, link: Link, op: str) -> None:
        """Have the process forked."""
        try:
            ours, theirs = open_pair()
            output_r, output_w = os.pipe()
        except OSError as error:
            self.on_lost(f"could not be started: {error.strerror}")
            return
        asked = self._request
        facts: Data = {"code_root": asked.code_root, "file": asked.file, "timeout_s": asked.timeout_s}
        facts |= {"packages": str(asked.packages)} if asked.packages else {}
        facts |= user_facts(self._services.policy.default_account)
        child_id = link.fork(self, op, [theirs.detach(), output_w], data_bytes=asked.memory_bytes, **facts)
        self._output = OutputPipe(
            self._services.reactor, Allowance(self._services.rate), output_r, self._printed
        )
        self._channel = self._services.converse(
            ours,
            None,
            self._masker,
            on_result=self._take_result,
            on_end=self._channel_ended,
            limit=PARSE_LIMIT,
        )
        self._timer = self._services.reactor.call_later(
            asked.timeout_s + _GRACE_S, lambda: self._time_out(link, child_id)
        )

    def on_broken(self, error: ErrorInfo, output: str) -> None:
        """A bare preloader imports nothing that could break."""
        self.on_lost(error.line or output)

    def on_started(self, pid: int) -> None:
        """The process exists; its time runs from the request."""

    def on_ended(self, ended: Ended) -> None:
        """The process and its group are gone."""
        self._finish(self._fault or f"the import {_death_words(ended)}")

    def on_lost(self, reason: str) -> None:
        """Its parent is gone: killed by this file, or by another that was parsed beside it."""
        retry, self._retry = self._retry, None
        if retry is None:
            self._finish(f"the import was lost: {reason}")
        else:
            self._release()
            retry(self)

    def _time_out(self, link: Link, child_id: int) -> None:
        self._fault = f"the import took longer than {self._request.timeout_s:g} s and did not react to that"
        link.kill(child_id, signal.SIGKILL)

    def _take_result(self, message: Data) -> None:
        self._message = message

    def _channel_ended(self, fault: str) -> None:
        if fault:
            self._fault = f"the import broke its channel: {fault}"

    def _finish(self, reason: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._output is not None:
            self._output.finish()
        if self._timer is not None:
            self._timer.cancel()
        if self._channel is None:
            self._conclude(reason)
        else:
            self._channel.finish(lambda: self._conclude(reason))

    def _release(self) -> None:
        """Give everything back that belongs to the child that was lost."""
        if self._timer is not None:
            self._timer.cancel()
        if self._output is not None:
            self._output.close()
        if self._channel is not None:
            self._channel.close()

    def _conclude(self, reason: str) -> None:
        stdout = self._printed.kept.decode(errors="replace")
        parsed = self._masked(self._parsed(reason))
        mask = self._masker.mask_start if self._printed.may_skip else self._masker.mask
        self.result.set_result(replace(parsed, file=self._request.file, stdout=mask(stdout)))

    def _masked(self, parsed: ParsedFile) -> ParsedFile:
        """Hide what the file was given as secret in all that it said; what it declares stays as it is."""
        error = parsed.error and ErrorInfo(
            **{name: self._masker.mask(text) for name, text in asdict(parsed.error).items()}
        )
        plans = tuple(replace(each, error=self._masker.mask(each.error)) for each in parsed.plans)
        warnings = tuple(map(self._masker.mask, parsed.warnings))
        return replace(parsed, error=error, plans=plans, warnings=warnings)

    def _parsed(self, reason: str) -> ParsedFile:
        try:
            if self._message is not None:
                parsed = parsed_from_data(self._message["parsed"])
                check_shape(parsed)
                return self._explained(parsed)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"the import sent an answer that cannot be read: {error}"
        return ParsedFile(file=self._request.file, error=_process_error(self._request.file, reason))

    def _explained(self, parsed: ParsedFile) -> ParsedFile:
        """A MemoryError has no text of its own: tell the limit that it ran into."""
        error, limit_bytes = parsed.error, self._request.memory_bytes
        if error is None or error.type != "MemoryError" or limit_bytes is None:
            return parsed
        words = f"it may use {megabytes(limit_bytes)} (DIRIGENT_PARSE_MEMORY_MB)"
        return replace(parsed, error=replace(error, message=words, line=f"{error.line}; {words}"))


class _Prints:
    """The beginning of what a file prints while it is imported."""

    def __init__(self) -> None:
        self.kept = bytearray()

    @property
    def may_skip(self) -> bool:
        """Whether there is enough of it."""
        return len(self.kept) >= _OUTPUT

    def take(self, piece: bytes) -> int:
        """Add a piece."""
        self.kept += piece[: _OUTPUT - len(self.kept)]
        return 0

    def skip(self, piece: bytes) -> None:
        """Pass over a piece."""

    def catch_up(self) -> None:
        """Keep nothing of what was passed over."""


def _process_error(file: str, reason: str) -> ErrorInfo:
    """Describe an import that ended its own process, or was ended."""
    return ErrorInfo(type="ImportEnded", message=reason, line=f"ImportEnded: {reason} ({file})")


def _death_words(ended: Ended) -> str:
    code = kernel.exit_code(ended.status)
    return (
        f"ended its process with code {code}" if code >= 0 else f"was killed by {kernel.signal_name(-code)}"
    )
