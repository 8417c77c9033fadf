"""Wait for the end of a run, and read what it returned."""

from __future__ import annotations

import time
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

import click

from scheduler.cli.invocation import Invocation
from scheduler.cli.parts.archives import open_payloads
from scheduler.core.states import RUN_FINISHED
from scheduler.errors import Conflict
from scheduler.logs.terminal import safe
from scheduler.operations.results import returned, whole
from scheduler.plain_values import plain
from scheduler.store.versions import load_graph
from scheduler.store.views import runs as stored_runs
from scheduler.wire import Data, Json

#: Between two looks whether a run has ended.
LOOK_S: Final = 0.25


def find_run(invocation: Invocation, dag_id: str, run_id: str) -> stored_runs.Run:
    """Return one run. Raises NotFound."""
    with invocation.db.read() as session:
        return stored_runs.find_run(session, dag_id, run_id)


def await_run(
    invocation: Invocation, dag_id: str, run_id: str, timeout: float | None = None
) -> stored_runs.Run:
    """Return a run when it has ended. Raises Conflict where that takes longer than `timeout` seconds."""
    deadline = None if timeout is None else invocation.now() + timedelta(seconds=timeout)
    run = find_run(invocation, dag_id, run_id)
    while run.state not in RUN_FINISHED:
        if deadline is not None and invocation.now() >= deadline:
            raise Conflict(f"Run {run_id!r} is still {run.state} after {timeout:g} s.")
        time.sleep(LOOK_S)
        run = find_run(invocation, dag_id, run_id)
    return run


def say_ended(run: stored_runs.Run, *, err: bool = False) -> None:
    """Print how a run ended."""
    reason = run.reason.removeprefix(f"{run.state}: ")
    click.echo(safe(f"{run.run_id}: {run.state}{f' ({reason})' if reason else ''}"), err=err)


def read_result(invocation: Invocation, run: stored_runs.Run) -> Json:
    """Return what a run returned, wherever it is kept. Raises Conflict where that is nothing."""
    with invocation.db.read() as session:
        found = returned(session, run, load_graph(session, run.version_id))
    return plain(whole(_fetched(invocation, run, found)))


def _fetched(invocation: Invocation, run: stored_runs.Run, results: Data) -> Data:
    payloads = open_payloads(invocation.settings)
    if payloads is None:
        return results
    large_values: Any = import_module("scheduler.cli.parts.large_values")
    found: Data = large_values.fetch_results(payloads, run.dag_id, run.run_id, results)
    return found
