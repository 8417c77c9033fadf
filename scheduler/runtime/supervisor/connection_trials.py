"""Trying connections out, each in a process of its own: hooks are code of providers, and call whom people name."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import Any, Final

from scheduler.errors import TooMuchAtOnce
from scheduler.logs.mask import Masker, secrets_of_connection
from scheduler.runtime.accounts import Account
from scheduler.runtime.supervisor.environment import child_environment, secrets_passed_on
from scheduler.runtime.supervisor.nest import user_facts
from scheduler.runtime.supervisor.verdict import storable
from scheduler.runtime.tools import kill_group
from scheduler.wire import Json

COMMAND: Final = (sys.executable, "-m", "scheduler.runtime.child.connection_trial")
#: Trials at once.
MOST: Final = 2
LIMIT_S: Final = 30.0
#: Bytes of an answer, and characters of what is shown of it.
_MOST_BYTES: Final = 200_000
_SHOWN: Final = 1_000


class ConnectionTrials:
    """Tries connections out: `MOST` at once, each for `limit_s` at most. May be asked from any thread."""

    def __init__(
        self,
        environ: Mapping[str, str],
        pass_on: Collection[str] = (),
        *,
        account: Account | None = None,
        memory_bytes: int | None = None,
        limit_s: float = LIMIT_S,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._environ = child_environment(environ, pass_on)
        self._secrets = secrets_passed_on(environ, pass_on)
        self._bounds = {**user_facts(account), "data_bytes": memory_bytes}
        self._limit_s = limit_s
        self._command = command
        self._lock = Lock()
        self._going = 0

    @property
    def is_full(self) -> bool:
        """Whether as many are being tried out as may be at once."""
        return self._going == MOST

    def try_out(self, fields: Mapping[str, Any]) -> tuple[bool, str]:
        """Return whether a connection works, and what was said of it, no secret in that. Raises TooMuchAtOnce."""
        with self._place():
            is_ok, message = self._found(fields)
        masker = Masker([*self._secrets, *secrets_of_connection(dict(fields)), *_texts_of_extra(fields)])
        return is_ok, storable(masker.mask_start(message))[:_SHOWN]

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Take one of the places, while something is done."""
        with self._lock:
            if self.is_full:
                raise TooMuchAtOnce(
                    f"{MOST} connections are being tried out already; try again in a moment.", 5
                )
            self._going += 1
        try:
            yield
        finally:
            with self._lock:
                self._going -= 1

    def _found(self, fields: Mapping[str, Any]) -> tuple[bool, str]:
        began = time.monotonic()
        data = self._ask(json.dumps({**self._bounds, "connection": dict(fields)}).encode())
        try:
            told = json.loads(data)
            return told["is_ok"] is True, str(told["message"])
        except (ValueError, TypeError, KeyError):
            if time.monotonic() - began >= self._limit_s:
                return False, f"There was no answer within {self._limit_s:g} s; the trial was ended."
            return False, "The process that tried it out ended without an answer."

    def _ask(self, request: bytes) -> bytes:
        """Return what a process answers to the request, until its time is over; then nothing of it is left."""
        process = subprocess.Popen(
            self._command,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = Timer(self._limit_s, kill_group, [process])
        end.start()
        try:
            return self._conversation(process, request)
        finally:
            end.cancel()
            end.join()
            kill_group(process)
            process.wait()

    def _conversation(self, process: subprocess.Popen[bytes], request: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdout as answers:
            with suppress(BrokenPipeError), process.stdin as questions:
                questions.write(request)
            return b"".join(self._pieces(answers.fileno()))

    def _pieces(self, fd: int) -> Iterator[bytes]:
        """Yield what comes. What hides in another session may keep the pipe open: it is not listened to for longer."""
        poll, left, end = select.poll(), _MOST_BYTES, time.monotonic() + self._limit_s
        poll.register(fd, select.POLLIN)
        while left > 0 and poll.poll(max(0.0, end - time.monotonic()) * 1000):
            piece = os.read(fd, left)
            if not piece:
                return
            left -= len(piece)
            yield piece


def _texts_of_extra(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text in the extra: a header or an option may be secret whatever its name."""
    with suppress(ValueError, RecursionError):
        yield from _texts(json.loads(fields.get("extra") or "{}"))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        yield from (text for each in parts for text in _texts(each))
