"""`dirigent runs clear` and `dirigent runs mark-many`: many runs at once, by what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import click

from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import Instant
from scheduler.cli.output import output_option, print_rows
from scheduler.cli.reruns import latest_code_option
from scheduler.core.states import RunState, RunType
from scheduler.errors import DirigentError, NothingToRerun, TooMany
from scheduler.operations.mark import mark_run
from scheduler.operations.rerun import RerunRequest, preview_rerun, rerun
from scheduler.operations.task_sets import MOST_RUNS
from scheduler.store.choices import Choice, Range
from scheduler.store.dags import get_dag
from scheduler.store.engine import Session
from scheduler.store.views.run_lists import RunsWanted, list_runs
from scheduler.store.views.runs import Run, find_run

F = TypeVar("F", bound=Callable[..., Any])

COLUMNS: Final = ["dag_id", "dag_run_id", "state", "task_count", "problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which runs are meant."""

    dag_ids: Sequence[str]
    states: Sequence[str]
    run_types: Sequence[str]
    since: datetime | None
    until: datetime | None

    def find(self, session: Session) -> list[Run]:
        """Return the runs, the oldest first. Raises NotFound for a DAG, TooMany for more than one command is about."""
        for dag_id in self.dag_ids:
            get_dag(session, dag_id)
        named = {"dag_id": self.dag_ids, "state": self.states, "run_type": self.run_types}
        choice = Choice(
            among={name: values for name, values in named.items() if values},
            ranges={"run_after": Range(gte=self.since, lte=self.until)},
            order=("run_after",),
        )
        found = [each.run for each in list_runs(session, choice, RunsWanted(), limit=MOST_RUNS + 1)]
        if len(found) > MOST_RUNS:
            raise TooMany("runs", MOST_RUNS)
        return found


def filter_options(command: F) -> F:
    """Give a command what names many runs: the fields of `Filter`."""
    states, kinds = (
        click.Choice([each.value for each in RunState]),
        click.Choice([each.value for each in RunType]),
    )
    for option in (
        click.option("-y", "--yes", is_flag=True, help="Do not ask."),
        click.option("--dry-run", is_flag=True, help="Only say what would happen."),
        click.option("--until", type=Instant(), help="Due then or before."),
        click.option("--since", type=Instant(), help="Due then or later: 2026-11-01T00:00:00Z."),
        click.option("--run-type", "run_types", multiple=True, type=kinds, help="Of this type."),
        click.option("--state", "states", multiple=True, type=states, help="In this state; may be repeated."),
        click.option("--dag", "dag_ids", multiple=True, required=True, help="Of this DAG; may be repeated."),
    ):
        command = option(command)
    return command


@click.command()
@filter_options
@click.option("--failed/--all", "only_failed", default=True, help="What failed (the default), or everything.")
@latest_code_option
@output_option
@pass_invocation
def clear(
    invocation: Invocation,
    /,
    *,
    only_failed: bool,
    code: Literal["then", "now"],
    dry_run: bool,
    yes: bool,
    output: str,
    **given: Any,
) -> int:
    """Run many runs again: what failed in them and what could not run because of it, or all of it."""

    def request(run: Run) -> RerunRequest:
        return RerunRequest(dag_id=run.dag_id, run_id=run.run_id, only_failed=only_failed, code=code)

    def preview(session: Session, run: Run) -> int | None:
        try:
            return len(preview_rerun(session, request(run)).tasks)
        except NothingToRerun:
            return None

    def act(session: Session, run: Run) -> int:
        return len(rerun(session, invocation.now(), request(run), actor=ACTOR).tasks)

    deed = _Deed("clear", preview, act)
    return _carry_out(invocation, Filter(**given), deed, dry_run=dry_run, yes=yes, output=output)


@click.command("mark-many")
@click.argument("state", type=click.Choice(["success", "failed"]))
@filter_options
@output_option
@pass_invocation
def mark_many(
    invocation: Invocation,
    /,
    *,
    state: Literal["success", "failed"],
    dry_run: bool,
    yes: bool,
    output: str,
    **given: Any,
) -> int:
    """Set the state of many runs; their tasks that have not ended are stopped and marked too."""

    def act(session: Session, run: Run) -> None:
        mark_run(session, invocation.now(), run.dag_id, run.run_id, to=state, actor=ACTOR)

    deed = _Deed(f"mark {state}", lambda session, run: None if run.state == state else 0, act)
    return _carry_out(invocation, Filter(**given), deed, dry_run=dry_run, yes=yes, output=output)


@dataclass(frozen=True, slots=True)
class _Deed:
    """What is done with each run."""

    name: str
    #: How many tasks it is about; None where nothing would change.
    preview: Callable[[Session, Run], int | None]
    act: Callable[[Session, Run], int | None]


def _carry_out(
    invocation: Invocation, wanted: Filter, deed: _Deed, *, dry_run: bool, yes: bool, output: str
) -> int:
    with invocation.db.read() as session:
        counts = [(each, deed.preview(session, each)) for each in wanted.find(session)]
    chosen = [(run, count) for run, count in counts if count is not None]
    if dry_run or not chosen:
        print_rows([_row(run, count) for run, count in chosen], COLUMNS, output)
        return 0
    if not yes:
        click.confirm(f"{deed.name} {len(chosen)} runs?", abort=True, err=True)
    rows = [_do(invocation, deed, run) for run, _ in chosen]
    print_rows(rows, COLUMNS, output)
    return 1 if any(each["problem"] for each in rows) else 0


def _do(invocation: Invocation, deed: _Deed, run: Run) -> dict[str, Any]:
    """Do it to one run, in a transaction of its own: what cannot be done of one does not undo the others."""

    def write(session: Session) -> dict[str, Any]:
        count = deed.act(session, run)
        return _row(find_run(session, run.dag_id, run.run_id), count)

    try:
        return invocation.db.transact(write)
    except DirigentError as error:
        return _row(run, None, str(error))


def _row(run: Run, count: int | None, problem: str = "") -> dict[str, Any]:
    return {
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "state": run.state,
        "task_count": count,
        "problem": problem,
    }
