"""`dirigent`, counting what it asks of its database: `python -m benchmarks.counted up`.

At SIGUSR1 it writes commits and statements so far into the file that BENCH_COUNTS names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scheduler.cli import main

COUNTS = {"commits": 0, "statements": 0}


def count_commit(*_: Any) -> None:
    """Count a commit."""
    COUNTS["commits"] += 1


def count_statement(*_: Any) -> None:
    """Count a statement."""
    COUNTS["statements"] += 1


def write(*_: Any) -> None:
    """Write the counts, whole."""
    target = Path(os.environ["BENCH_COUNTS"])
    draft = target.with_suffix(".draft")
    draft.write_text(json.dumps(COUNTS))
    draft.replace(target)


if __name__ == "__main__":
    sa.event.listen(sa.Engine, "commit", count_commit)
    sa.event.listen(sa.Engine, "before_cursor_execute", count_statement)
    signal.signal(signal.SIGUSR1, write)
    main(sys.argv[1:])
