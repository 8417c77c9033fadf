"""A failure on purpose, once a run: something for a newcomer to rerun."""

from __future__ import annotations

import json

from scheduler import FailTask, Variable

_REMEMBERED = "samples_failed_on_purpose"
_KEPT = 50


def fail_once(run_key: str, words: str) -> None:
    """Raise FailTask the first time that it is called for this run, and never again for it."""
    failed = json.loads(Variable.get(_REMEMBERED, default="[]"))
    if run_key in failed:
        return
    Variable.set(_REMEMBERED, json.dumps([*failed, run_key][-_KEPT:]))
    raise FailTask(f"{words} Nothing is wrong: this fails once, on purpose. Press Rerun.")
