"""Where the processes of this package meet the sdk: load a file, describe a DAG, perform a job."""

import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from scheduler.clock import SystemClock
from scheduler.operators import bash, empty, python, taskflow
from scheduler.runtime.child import foreign_attempt
from scheduler.runtime.child.attempt import perform
from scheduler.runtime.child.attempt_process import UserCode
from scheduler.runtime.child.joining import warm_spans
from scheduler.runtime.child.loading import load_file
from scheduler.runtime.child.rehearsal import rehearse
from scheduler.sdk.dag import DAG
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.templates import load_jinja_for
from scheduler.sdk.variables import Reader, reading_from
from scheduler.wire import DagSpec, Data, PlannedRun

#: Loaded here once, so that no preloader has to.
PRELOADED: Final = (bash, empty, python, taskflow)
#: What the sdk needs, and another interpreter may lack. `jinja2` is Python alone, and `markupsafe` can be.
LENT: Final = (foreign_attempt.OURS, "jinja2", "markupsafe", "tzdata")


def foreign_command() -> Sequence[str]:
    """Return what another interpreter executes: its file, and where the worker has what it may lack."""
    specs = {name: importlib.util.find_spec(name) for name in LENT}
    places = {name: str(Path(spec.origin).parents[1]) for name, spec in specs.items() if spec and spec.origin}
    return (foreign_attempt.__file__, json.dumps(places))


def _foresee(dag: DAG, spec: DagSpec, last: Data | None, reader: Reader) -> tuple[PlannedRun, ...]:
    # By name: attempts need not carry it.
    module = importlib.import_module("scheduler.runtime.child.own_timetables")
    with reading_from(reader):
        runs: tuple[PlannedRun, ...] = module.next_runs(dag, spec, last, SystemClock().now())
    return runs


def _warm(dags: Mapping[str, DAG]) -> None:
    load_jinja_for(dags.values())
    warm_spans()


USER_CODE: Final = UserCode(
    load=load_file,
    warm=_warm,
    describe=to_spec,
    foresee=_foresee,
    perform=perform,
    rehearse=lambda: rehearse(perform),
    fresh_command=(sys.executable, "-m", "scheduler.runtime.child.fresh_attempt"),
    waiter_command=(sys.executable, "-m", "scheduler.runtime.child.waiter_process"),
    foreign_command=foreign_command(),
)
