"""An effect ledger: tasks append a line when they begin and when they end, so that what ran twice shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

#: The beginning of a DAG file whose tasks keep the ledger; `{ledger}` is its path.
KEEPS_LEDGER = """
import os, pathlib, time
from scheduler import DAG, task

LEDGER = {ledger!r}

def note(word):
    with open(LEDGER, "a") as stream:
        stream.write(word + "\\n")

def wait_for(name):
    while not pathlib.Path(LEDGER).with_name(name).exists():
        time.sleep(0.02)
"""


def counted(ledger: Path) -> Counter[str]:
    """Return how often each line stands in the ledger."""
    return Counter(ledger.read_text().splitlines()) if ledger.exists() else Counter()
