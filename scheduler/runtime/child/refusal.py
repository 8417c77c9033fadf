"""How a child says why it cannot become an attempt, before anything else of Dirigent is loaded.

Another interpreter may be as old as 3.6, so there is nothing in here that it cannot read.
"""

import json
import os
import struct


def refuse(channel_fd: int, reason: str, *, retryable: bool = False) -> None:
    """Tell the supervisor an outcome: failed, for a reason that another try would not change unless it may."""
    outcome = {"attempt_id": 0, "epoch": 0, "state": "failed", "retryable": retryable, "reason": reason}
    body = json.dumps({"outcome": outcome}).encode("ascii")
    os.write(channel_fd, struct.pack(">I", len(body)) + body)
