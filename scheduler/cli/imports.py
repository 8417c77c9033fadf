"""`dirigent import`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from scheduler.cli.airflow.exports import read_exports
from scheduler.cli.invocation import ACTOR, Invocation, pass_invocation
from scheduler.cli.options import read_stdin
from scheduler.cli.output import output_option, print_rows
from scheduler.operations.takeover import Goods, Step, TakeOver

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("import")
def import_() -> None:
    """Take over what another scheduler knows."""


@import_.command()
@click.option(
    "--url", help="The address of a live Airflow's page; it is asked by its API, and left as it is."
)
@click.option("--token", callback=read_stdin, help="A token for its API; - reads it from standard input.")
@click.option("--user", default="", help="Or a user there,")
@click.option("--password", callback=read_stdin, help="and the password; - reads it from standard input.")
@click.option("--variables", type=_FILE, help="What `airflow variables export` wrote.")
@click.option("--connections", type=_FILE, help="What `airflow connections export` wrote, as JSON.")
@click.option("--pools", type=_FILE, help="What `airflow pools export` wrote.")
@click.option(
    "--dags", type=_FILE, help="What `airflow dags list -o json` printed: paused or not, and the next run."
)
@click.option(
    "--runs", type=_FILE, multiple=True, help="What `airflow dags list-runs -o json` printed; repeatable."
)
@click.option("--overwrite", is_flag=True, help="Replace what is here and differs.")
@click.option("--activate", is_flag=True, help="Unpause what is active there: once it no longer runs there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@output_option
@pass_invocation
def airflow(
    invocation: Invocation, /, *, overwrite: bool, activate: bool, dry_run: bool, output: str, **source: Any
) -> int:
    """Take variables, connections, pools, pause flags and last runs from Airflow; exit 1 when some were left out.

    Files win over what --url tells of the same kind: Airflow's API hides passwords, its exports do not.
    """
    goods = _read(**source)
    deed = TakeOver(invocation.now(), invocation.cipher, ACTOR, overwrite, activate)
    if dry_run:
        with invocation.db.read() as session:
            steps = deed.weigh(session, goods)
    else:
        steps = invocation.db.transact(lambda session: deed.carry_out(session, goods))
    _print(steps, output, is_dry=dry_run)
    return 1 if any(step.action == "leave out" for step in steps) else 0


def _read(*, url: str | None, token: str | None, user: str, password: str | None, **files: Any) -> Goods:
    given = {name: each for name, each in files.items() if each}
    if not url and not given:
        raise click.UsageError("Give --url, or files that Airflow exported.")
    if url and bool(user) != bool(password):
        raise click.UsageError("Give --user and --password together.")
    exported = read_exports(**given)
    if not url:
        return exported
    # By its name: `requests` takes a tenth of a second, which files need not wait for.
    api: Any = import_module("scheduler.cli.airflow.api")
    kinds = [kind for kind in api.KINDS if kind not in given]
    told: Goods = api.Airflow(url, token=token, user=user, password=password or "").goods(kinds)
    return exported + told


def _print(steps: Iterable[Step], output: str, *, is_dry: bool) -> None:
    rows = [
        {"kind": each.kind, "name": each.name, "action": each.action, "detail": each.detail} for each in steps
    ]
    print_rows(rows, ["kind", "name", "action", "detail"], output)
    counts = Counter(row["action"] for row in rows)
    said = ", ".join(f"{count} {action}" for action, count in counts.items()) or "nothing found"
    click.echo(f"{said}{'; nothing was written' if is_dry else ''}", err=True)
