"""What people ask for: the one door for page, API, command line and tests. One module a verb.

Each takes the session and the present instant first, and says by `actor` who asks; the caller owns the
transaction. Only `delete_dag`, which takes many transactions, is given the database.
"""

from __future__ import annotations

from scheduler.operations.cancel import cancel_run
from scheduler.operations.conf import read_conf
from scheduler.operations.delete import delete_dag
from scheduler.operations.explain import explain_task
from scheduler.operations.mark import mark_run, mark_task
from scheduler.operations.notes import set_note
from scheduler.operations.pause import set_paused
from scheduler.operations.rerun import Preview, RerunRequest, RerunTask, preview_rerun, rerun
from scheduler.operations.sign_in import find_user, make_link, sign_in, sign_out
from scheduler.operations.trigger import RunRef, trigger_run

__all__ = [
    "Preview",
    "RerunRequest",
    "RerunTask",
    "RunRef",
    "cancel_run",
    "delete_dag",
    "explain_task",
    "find_user",
    "make_link",
    "mark_run",
    "mark_task",
    "preview_rerun",
    "read_conf",
    "rerun",
    "set_note",
    "set_paused",
    "sign_in",
    "sign_out",
    "trigger_run",
]
