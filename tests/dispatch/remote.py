"""Consumers in processes of their own, driven by the tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

PROGRAM = Path(__file__).with_name("remote_consumer.py")


class RemoteConsumer:
    """A consumer in a process of its own, driven over its standard input and heard over its output."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: Queue[dict[str, str]] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(json.loads(line))

    def tell(self, word: str) -> None:
        """Send a command and wait until it is obeyed."""
        print(word, file=self._process.stdin, flush=True)
        self.expect("did", word)

    def expect(self, kind: str, value: str, timeout: float = 20) -> None:
        """Wait for a line; anything else in between fails."""
        assert self._lines.get(timeout=timeout) == {"kind": kind, "value": value}

    def hears_nothing(self, timeout: float) -> bool:
        """Wait for the time given; true when no line came."""
        try:
            self._lines.get(timeout=timeout)
        except Empty:
            return True
        return False


@contextmanager
def remote_consumer(url: str, queue: str) -> Iterator[RemoteConsumer]:
    """Run a consumer in another process; ended at the end."""
    command = [sys.executable, str(PROGRAM), url, queue]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        consumer = RemoteConsumer(process)
        consumer.expect("did", "ready")
        try:
            yield consumer
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(timeout=20)
