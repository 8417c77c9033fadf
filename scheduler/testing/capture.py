"""What an attempt printed and logged, beside where that goes anyway."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO


class _Both(io.TextIOBase):
    """Writes to a second place what is printed."""

    def __init__(self, shown: TextIO, kept: io.StringIO) -> None:
        self._shown = shown
        self._kept = kept

    def write(self, text: str) -> int:
        self._kept.write(text)
        return self._shown.write(text)

    def flush(self) -> None:
        self._shown.flush()

    def fileno(self) -> int:
        return self._shown.fileno()

    def isatty(self) -> bool:
        return self._shown.isatty()

    def __getattr__(self, name: str) -> Any:
        """What else a stream has, such as its buffer: what goes there is shown, and not kept."""
        return getattr(self._shown, name)

    @property
    def encoding(self) -> Any:  # type: ignore[override]  # as it is where it goes
        return self._shown.encoding


@contextmanager
def captured() -> Iterator[io.StringIO]:
    """Keep what is printed and logged meanwhile: records as `LEVEL text`."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with redirect_stdout(_Both(sys.stdout, kept)):
            yield kept
    finally:
        root.removeHandler(handler)
