"""No page reads a table from end to end that grows with history; how many statements it takes does not grow either."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from scheduler.store import Database, Session
from scheduler.store.tables import dag_run
from tests.store.plans import noting, whole_reads
from tests.webui.conftest import Browser
from tests.webui.test_pages import LIVE

#: What people may ask for beside them.
FILTERED = [
    *(f"/runs?state={state}" for state in ("failed", "success", "running", "queued")),
    "/runs?q=orders",
    "/runs?type=manual&owner=shop&tag=critical&words=a&from=2026-01-01",
    "/dags/orders_hourly/runs?type=manual&words=a&from=2026-01-01",
    "/runs?before=3",
    *(f"/dags?state={state}" for state in ("failing", "running", "paused")),
    "/dags?q=orders&tag=sales",
    "/dags/orders_hourly/runs?before=3",
]
#: Read from the end of the table, as far as a page goes.
NEWEST_FIRST = "ORDER BY dag_run.id DESC\n LIMIT"


@pytest.mark.parametrize("address", [*LIVE, *FILTERED])
def test_no_page_reads_a_growing_table_whole(db: Database, person: Browser, address: str) -> None:
    asked: dict[str, object] = {}
    with noting(asked):
        assert person.get(address).status_code == 200
    found = whole_reads(db, {text: binds for text, binds in asked.items() if NEWEST_FIRST not in text})
    assert not found, "\n\n".join(f"{text}\n{steps}" for text, steps in found.items())


@pytest.mark.parametrize(
    "address", ["/", "/dags", "/runs", "/dags/orders_hourly", "/dags/orders_hourly/runs"]
)
def test_a_page_takes_as_many_statements_however_much_there_is(
    db: Database, person: Browser, address: str
) -> None:
    person.get(address)
    with db.count() as before:
        person.get(address)
    with db.write() as session:
        _repeat(session, 40)
    person.get(address)
    with db.count() as after:
        person.get(address)
    assert len(after.statements) == len(before.statements)


def _repeat(session: Session, times: int) -> None:
    """Have more runs of the DAG with history, as its last."""
    for number in range(times):
        again = sa.select(*(_again(column, number) for column in dag_run.c if column.name != "id"))
        last = sa.select(sa.func.max(dag_run.c.id)).where(
            dag_run.c.dag_id == "orders_hourly", dag_run.c.state == "success"
        )
        names = [column.name for column in dag_run.c if column.name != "id"]
        session.execute(
            sa.insert(dag_run).from_select(names, again.where(dag_run.c.id == last.scalar_subquery()))
        )


def _again(column: sa.Column[Any], number: int) -> sa.ColumnElement[Any]:
    is_unique = column.name in ("run_id", "trigger_key")
    return column + sa.literal(f"-{number}") if is_unique else column
