"""`dirigent runs export` and `dirigent runs replay`."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from scheduler.cli.invocation import Invocation, pass_invocation
from scheduler.cli.local_dags import load_dag
from scheduler.cli.options import read_pairs, run_arguments
from scheduler.cli.parts.archives import open_payloads
from scheduler.connection_texts import fields_of
from scheduler.core.states import RUN_FINISHED
from scheduler.errors import BadConnection, Conflict
from scheduler.logs.mask import Masker, secrets_of_conf, secrets_of_connection, secrets_of_variable
from scheduler.logs.terminal import safe
from scheduler.payloads import Owner
from scheduler.store.connections import get_connection, list_connections
from scheduler.store.engine import Session
from scheduler.store.variables import get_variables, list_variables
from scheduler.store.versions import load_graph
from scheduler.store.views.recordings import HandedOn, values_of_run
from scheduler.store.views.runs import Run, Task, find_run, list_tasks
from scheduler.testing.recording import RecordedTask, Recording, read_recording
from scheduler.testing.replay import replay, told
from scheduler.wire import Json, RunInfo

#: Characters of all values of a recording together.
_MOST: Final = 50_000_000

#: Variables and connections of the environment.
_GIVEN: Final = re.compile(r"(DIRIGENT|AIRFLOW)_(?P<kind>VAR|CONN)_(?P<name>.+)")

Fetch = Callable[[Owner, Json], Json]


@click.command("export")
@run_arguments
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The file; else standard output."
)
@click.option(
    "--limit", type=click.IntRange(min=0), default=1_000_000, show_default=True, help="Characters of a value."
)
@pass_invocation
def export_run(invocation: Invocation, dag_id: str, run_id: str, target: Path | None, limit: int) -> None:
    """Write what a run was given and what its tasks made of it to a file that tests replay.

    Secrets are masked; larger values are left out, and named.
    """
    values = open_payloads(invocation.settings)
    fetch: Fetch = values.fetch if values else lambda _, value: value
    with invocation.db.read() as session:
        run = find_run(session, dag_id, run_id)
        if run.state not in RUN_FINISHED:
            raise Conflict(f"Run {run_id!r} is still {run.state}; export it when it has ended.")
        masker = Masker(_secrets(invocation, session, run))
        recording = _record(session, run, limit, fetch)
    text = json.dumps(masker.mask_data(json.loads(recording.to_json())), indent=1, ensure_ascii=False) + "\n"
    if target is None:
        click.echo(text, nl=False)
    else:
        target.write_text(text, encoding="utf-8")
        click.echo(f"{target} has {len(recording.tasks)} tasks of {run_id}.", err=True)


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--task", "task_ids", multiple=True, help="Only this task; else all that ran.")
@click.option("--ignore", multiple=True, metavar="TASK", help="A task whose values may differ.")
@click.option("--var", "variables", multiple=True, metavar="KEY=VALUE", help="A variable that the DAG reads.")
@click.option(
    "--conn", "connections", multiple=True, metavar="ID=URI", help="A connection that the DAG reads."
)
@pass_invocation
def replay_run(
    invocation: Invocation,
    file: Path,
    task_ids: Sequence[str],
    ignore: Sequence[str],
    variables: Sequence[str],
    connections: Sequence[str],
) -> int:
    """Run the tasks of an exported run again in this process, each on the values of then; exit 1 if one differs."""
    settings, known = invocation.settings, read_pairs(variables)
    recording = read_recording(file)
    dag = load_dag(settings.dags_folder, recording.run.dag_id, known, settings.plugins_folder.absolute())
    replayed = replay(
        dag,
        file,
        only=task_ids or None,
        ignore=ignore,
        variables=known,
        connections=read_pairs(connections),
    )
    for task in replayed.tasks:
        for line in told(task):
            click.echo(safe(line))
    return 0 if replayed.is_same else 1


def _secrets(invocation: Invocation, session: Session, run: Run) -> Iterator[str]:
    keys = [each.key for each in list_variables(session)]
    for key, text in get_variables(session, invocation.cipher, keys).items():
        yield from secrets_of_variable(key, text)
    for each in list_connections(session):
        connection: Any = get_connection(session, invocation.cipher, each.conn_id)
        yield from secrets_of_connection({"password": connection.password, "extra": connection.extra})
    yield from _secrets_of_environment(os.environ)
    params = load_graph(session, run.version_id).params
    declared = [each.name for each in params if each.is_declared_secret]
    choices = [each.name for each in params if each.is_choice]
    for given in (run.conf, run.params):
        yield from secrets_of_conf(given, declared, choices)


def _secrets_of_environment(environ: Mapping[str, str]) -> Iterator[str]:
    for name, text in environ.items():
        match = _GIVEN.fullmatch(name)
        if match and match["kind"] == "VAR":
            yield from secrets_of_variable(match["name"], text)
        elif match:
            with contextlib.suppress(BadConnection):
                yield from secrets_of_connection(fields_of(match["name"], text))


def _record(session: Session, run: Run, limit: int, fetch: Fetch) -> Recording:
    tasks = {(task.task_id, task.path): _recorded(task) for task in list_tasks(session, run.id)}
    left = _MOST
    for value in values_of_run(session, run.id, limit):
        place = (value.task_id, value.path)
        if place in tasks:
            tasks[place] = _with_value(tasks[place], value, run, fetch if value.length <= left else None)
            left -= value.length
    graph = load_graph(session, run.version_id)
    version = {"number": run.version_number, "code_hash": graph.code_hash, "bundle": run.bundle_version}
    return Recording(
        run=_run_info(run), state=run.state, reason=run.reason, version=version, tasks=tuple(tasks.values())
    )


def _with_value(task: RecordedTask, value: HandedOn, run: Run, fetch: Fetch | None) -> RecordedTask:
    if value.text is None or fetch is None:
        return replace(task, left_out={**task.left_out, value.key: value.length})
    whole = fetch(Owner(run.dag_id, run.run_id, value.task_id), json.loads(value.text))
    return replace(task, values={**task.values, value.key: whole})


def _recorded(task: Task) -> RecordedTask:
    return RecordedTask(
        task_id=task.task_id, path=task.path, state=task.state, tries=task.try_number, reason=task.reason
    )


def _run_info(run: Run) -> RunInfo:
    return RunInfo(
        dag_id=run.dag_id,
        run_id=run.run_id,
        run_type=run.run_type,
        logical_date=_text(run.logical_date),
        data_interval_start=_text(run.data_interval_start),
        data_interval_end=_text(run.data_interval_end),
        run_after=run.run_after.isoformat(),
        start_date=_text(run.start_date),
        queued_at=_text(run.queued_at),
        conf=run.conf,
        params=run.params,
        triggered_by=run.triggered_by,
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
