"""`dirigent tasks`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import click

from scheduler.cli.following import log_lines
from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.local_runs import test_tasks
from scheduler.cli.options import path_option, read_path, run_arguments, task_arguments
from scheduler.cli.output import json_line, output_option, print_json, print_rows
from scheduler.cli.parts.archives import open_archive
from scheduler.cli.parts.attempt_logs import AttemptLogs
from scheduler.cli.questions import answer, questions
from scheduler.cli.reruns import latest_code_option, preview_or_rerun, print_preview
from scheduler.cli.task_states import state
from scheduler.cli.task_xcoms import note, xcom
from scheduler.core.dimensions import in_order
from scheduler.core.graph import TaskGraph
from scheduler.core.ids import TaskKey
from scheduler.errors import BadParams, NotFound
from scheduler.logs.address import LogAddress
from scheduler.logs.lines import LEVELS, SOURCES, fields
from scheduler.logs.selection import Selection
from scheduler.logs.terminal import safe, shown
from scheduler.operations.explain import explain_task
from scheduler.operations.mark import mark_task
from scheduler.operations.rerun import RerunRequest
from scheduler.operations.set_result import read_result, set_result
from scheduler.store.engine import Session
from scheduler.store.versions import load_graph
from scheduler.store.views import runs as stored_runs
from scheduler.store.views import tasks as stored_tasks
from scheduler.store.views.fields import task_fields

COLUMNS: Final = ["task_id", "path", "state", "try_number", "start_date", "duration", "reason"]


@click.group()
def tasks() -> None:
    """List, explain, answer, test, clear, mark and note tasks; read their logs, what they keep and hand on."""


for command in (answer, note, questions, state, test_tasks, xcom):
    tasks.add_command(command)


@tasks.command("list")
@run_arguments
@click.option("--task", "task_id", help="Only instances of this task.")
@click.option("--map-index", "--path", "path", callback=read_path, help="Only instances with this index.")
@output_option
@pass_invocation
def list_(
    invocation: Invocation, dag_id: str, run_id: str, task_id: str | None, path: str | None, output: str
) -> None:
    """List the task instances of a run, in the order of its graph."""
    with invocation.db.read() as session:
        run = stored_runs.find_run(session, dag_id, run_id)
        found = stored_runs.list_tasks(session, run.id)
        places = TaskGraph(load_graph(session, run.version_id)).index
    chosen = [task for task in found if task_id in (None, task.task_id) and path in (None, task.path)]
    ordered = sorted(chosen, key=lambda each: (places.get(each.task_id, len(places)), in_order(each.path)))
    print_rows([task_fields(run, task) for task in ordered], COLUMNS, output)


@tasks.command()
@task_arguments
@path_option
@output_option
@pass_invocation
def why(invocation: Invocation, dag_id: str, run_id: str, task_id: str, path: str, output: str) -> None:
    """Say why a task is not running."""
    with invocation.db.read() as session:
        reasons = explain_task(session, dag_id, run_id, task_id, path=path)
    if output == "json":
        print_json(reasons)
    else:
        click.echo(safe("\n".join(reasons)) or "Nothing holds it: it runs, or is about to.")


@tasks.command()
@task_arguments
@path_option
@click.option("--try", "try_number", type=click.IntRange(min=1), help="Which try; else the last one.")
@click.option("-f", "--follow", is_flag=True, help="Go on until the attempt has ended.")
@click.option("--level", type=click.Choice(LEVELS), help="Lines from this level on.")
@click.option("--source", "sources", type=click.Choice(SOURCES), multiple=True, help="Lines of this source.")
@click.option("--logger", default="", help="Records of this logger and those below it.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: an object a line."
)
@pass_invocation
def logs(
    invocation: Invocation,
    dag_id: str,
    run_id: str,
    task_id: str,
    path: str,
    try_number: int | None,
    level: str | None,
    sources: tuple[str, ...],
    logger: str,
    output: str,
    *,
    follow: bool,
) -> None:
    """Print the log of a task's attempt."""
    wanted = _Wanted(dag_id, run_id, TaskKey(task_id, path), try_number)
    attempt_id = _find_attempt(invocation, wanted).id
    wanted = replace(wanted, attempt_id=attempt_id)
    settings = invocation.settings
    reader = AttemptLogs(invocation.db, settings.home / "logs", invocation.clock, open_archive(settings))
    selection = Selection(level or "", frozenset(sources), logger)
    found = log_lines(
        reader, wanted.address(attempt_id), lambda: _find_attempt(invocation, wanted), follow=follow
    )
    for line in found:
        if selection.has(line):
            click.echo(json_line(fields(line)) if output == "json" else shown(line), nl=False)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Whose log is to be printed; without a try, that of the last attempt."""

    dag_id: str
    run_id: str
    key: TaskKey
    try_number: int | None
    attempt_id: int | None = None

    def is_by(self, attempt: stored_tasks.Attempt) -> bool:
        return attempt.kind == "task" and (
            self.attempt_id in (None, attempt.id) and self.try_number in (None, attempt.try_number)
        )

    def address(self, attempt_id: int) -> LogAddress:
        return LogAddress(
            dag_id=self.dag_id,
            run_id=self.run_id,
            attempt_id=attempt_id,
            task_id=self.key.task_id,
            path=self.key.path,
        )


def _find_attempt(invocation: Invocation, wanted: _Wanted) -> stored_tasks.Attempt:
    with invocation.db.read() as session:
        run = stored_runs.find_run(session, wanted.dag_id, wanted.run_id)
        task = stored_tasks.find_task(session, run.id, wanted.key.task_id, wanted.key.path)
        attempts = stored_tasks.list_attempts(session, task.id)
    found = [each for each in attempts if wanted.is_by(each)]
    if not found:
        raise NotFound("attempt of task", wanted.key.task_id)
    return found[-1]


@tasks.command()
@task_arguments
@click.option(
    "--map-index",
    "--path",
    "path",
    callback=read_path,
    help="Which instance of a mapped task; else all of them.",
)
@click.option("--upstream", is_flag=True, help="What it waits for too.")
@click.option("--downstream", is_flag=True, help="What follows it too.")
@click.option("--only-failed", is_flag=True, help="Of these, only what failed.")
@latest_code_option
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@output_option
@pass_invocation
def clear(
    invocation: Invocation,
    dag_id: str,
    run_id: str,
    task_id: str,
    path: str | None,
    *,
    upstream: bool,
    downstream: bool,
    only_failed: bool,
    code: Literal["then", "now"],
    dry_run: bool,
    output: str,
) -> None:
    """Run a task again, as a new attempt."""
    request = RerunRequest(
        dag_id=dag_id,
        run_id=run_id,
        tasks=(task_id if path is None else TaskKey(task_id, path),),
        upstream=upstream,
        downstream=downstream,
        only_failed=only_failed,
        code=code,
    )
    print_preview(preview_or_rerun(invocation, request, dry_run=dry_run), output)


@tasks.command()
@task_arguments
@click.argument("state", type=click.Choice(["success", "failed", "skipped"]))
@path_option
@click.option("--result", metavar="JSON", help="With success: what it returns, for the tasks that read it.")
@pass_invocation
def mark(
    invocation: Invocation,
    dag_id: str,
    run_id: str,
    task_id: str,
    state: Literal["success", "failed", "skipped"],
    path: str,
    result: str | None,
) -> None:
    """Set the state of a task; what follows it is judged anew."""
    if result is not None and state != "success":
        raise BadParams(f"--result goes with success: a task that is {state} hands on nothing.")
    now, value = invocation.now(), read_result(result or "null")

    def write(session: Session) -> list[str]:
        if result is None:
            return mark_task(session, now, dag_id, run_id, task_id, to=state, path=path, actor=ACTOR)
        return set_result(session, now, dag_id, run_id, TaskKey(task_id, path), value, actor=ACTOR)

    below = invocation.db.transact(write)
    click.echo(f"{task_id} was marked {state}; judged anew: {', '.join(below) or 'nothing'}.")
