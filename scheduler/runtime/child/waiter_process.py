"""What a waiter executes: `python -m scheduler.runtime.child.waiter_process CONTROL_FD CHANNEL_FD`.

An interpreter of its own: the base process need not load asyncio, and no attempt pays for it.
"""

from __future__ import annotations

import os
import sys

from scheduler.compat.airflow import finder
from scheduler.runtime.child.attempt_process import prepare_to_print
from scheduler.runtime.child.pipe import PipeChannel
from scheduler.runtime.child.title import set_title
from scheduler.runtime.child.waiter import serve
from scheduler.runtime.sockets import adopt

if __name__ == "__main__":
    fds = [int(word) for word in sys.argv[1:]]
    for fd in fds:
        os.set_inheritable(fd, False)
    prepare_to_print()
    set_title("dirigent: waiter")
    finder.install()
    serve(adopt(fds[0]), PipeChannel(adopt(fds[1])))
