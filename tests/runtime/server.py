"""A server with nothing but a supervisor that runs one attempt: `python server.py FOLDER`."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from scheduler.clock import SystemClock
from scheduler.logs.sink import LogSink
from scheduler.runtime.supervisor import Supervisor
from scheduler.wire import Job
from tests.runtime.conftest import DAG_OF_ONE_TASK, RUN

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    file = folder / "tasks.py"
    file.write_text(file.read_text() + DAG_OF_ONE_TASK)
    clock = SystemClock()
    supervisor = Supervisor(
        on_outcome=print, answer=lambda job, verb, args: None, clock=clock, environ=os.environ
    )
    supervisor.start()
    job = Job(
        attempt_id=1, epoch=1, kind="task", code_root=str(folder), file=file.name, run=RUN, task_id="task"
    )
    supervisor.launch(job, LogSink(folder / "1.log", clock))
    threading.Event().wait()
