"""Run the path of an attempt before anything is forked: what is worked out once, every attempt then finds done.

The caches of json, inspect and the abstract base classes are filled, and Python has written its faster instructions
into the functions of the path. Without it each attempt does that anew, in pages that it must first copy.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scheduler.clock import Clock, SystemClock
from scheduler.operators.python import PythonOperator
from scheduler.runtime.frames import encode
from scheduler.sdk.dag import DAG
from scheduler.wire import Data, Job, Outcome, RunInfo, job_from_data

#: Python quickens a function at its eighth call, and adapts it in those that follow.
_TIMES: Final = 12
_AT: Final = "2026-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class _Deaf:
    """The channel of nobody: the rehearsed task asks nothing, and what it rendered is not kept."""

    def set_rendered(self, fields: Data) -> None:
        """Keep nothing."""


def rehearse(perform: Callable[[DAG, Job, Any, Clock], Outcome]) -> None:
    """Perform a task of Dirigent's own that does nothing; no user code is loaded yet."""
    with DAG("rehearsal", schedule=None) as dag:
        PythonOperator(task_id="task", python_callable=dict, op_kwargs={"x": 1})
    run = RunInfo(
        dag_id=dag.dag_id,
        run_id="manual__1",
        run_type="manual",
        logical_date=_AT,
        data_interval_start=None,
        data_interval_end=None,
        run_after=_AT,
    )
    job = Job(
        attempt_id=1,
        epoch=1,
        kind="task",
        code_root="/",
        file="rehearsal.py",
        run=run,
        task_id="task",
    )
    for _ in range(_TIMES):
        asked = json.loads(encode({"job": job})[4:])["job"]
        encode({"outcome": perform(dag, job_from_data(asked), _Deaf(), SystemClock())})
