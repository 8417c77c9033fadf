"""Lists of runs are narrowed by what people remember of a run, and an address says how."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.store import Database, Session, tables
from scheduler.store.views import runs
from tests.webui.conftest import HERE, Browser
from tests.webui.seed import NOW
from webui.run_filters import asked_runs, page_of_runs


def add_by_hand(session: Session) -> int:
    """Have the oldest run be one that was triggered by hand, the day before; return its id."""
    first = session.scalars(sa.select(sa.func.min(tables.dag_run.c.id))).one()
    values = {
        "run_type": "manual",
        "run_id": "hand_made",
        "note": "Refunds € again",
        "conf": {"region": "Münster", "password": "s3cret", "why": 'so "big"'},
        "logical_date": NOW - timedelta(days=1),
    }
    session.execute(sa.update(tables.dag_run).where(tables.dag_run.c.id == first).values(values))
    return int(first)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("type=manual", 1),
        ("type=odd", 0),
        ("words=hand_made", 1),
        ("words=Refunds+%E2%82%AC", 1),
        ("words=M%C3%BCnster", 1),
        ("words=So+%22big%22", 1),
        ("words=s3cret", 0),
        ("from=2026-11-20&until=2026-11-20", 1),
        ("from=2026-11-21", 12),
        ("until=2026-11-19", 0),
        ("from=2026-11-20&type=manual&state=success", 1),
    ],
)
def test_runs_are_narrowed_by_type_days_and_words_but_by_no_secret(
    db: Database, person: Browser, query: str, count: int
) -> None:
    with db.write() as session:
        add_by_hand(session)
    for address in ("/runs", "/dags/orders_hourly/runs"):
        text = person.get(f"{address}?{query}").text
        assert text.count('id="run-') - text.count('id="run-filters"') == count, address


def test_whether_more_runs_follow_tells_nothing_of_their_secrets(db: Database, person: Browser) -> None:
    run = tables.dag_run.c
    with db.write() as session:
        session.execute(sa.update(tables.dag_run).values(conf={"password": "s3cret", "word": "plain"}))
        oldest = session.scalars(sa.select(run.id).order_by(run.id).limit(4)).all()
        session.execute(sa.update(tables.dag_run).where(run.id.in_(oldest)).values(note="a cret"))

    def page(words: str) -> tuple[list[int], int | None]:
        app = person.client.application
        with app.test_request_context(f"/runs?words={words}", base_url=HERE), db.read() as session:
            found = page_of_runs(session, asked_runs(), 3)
        return [each.id for each in found["rows"]], found["older"]

    newest_of_them = sorted(oldest, reverse=True)[:3]
    assert page("cret") == (newest_of_them, newest_of_them[-1])
    assert page("s3cret") == ([], None)
    assert len(page("plain")[0]) == 3


def test_a_filter_of_runs_stands_in_every_address_that_leads_on(person: Browser) -> None:
    text = person.get("/runs?owner=shop&tag=critical&from=2026-11-21&words=re").text
    filters = "from=2026-11-21&amp;owner=shop&amp;tag=critical&amp;words=re"
    assert f"/runs?{filters}&amp;state=failed" in text
    assert person.get("/runs?from=soon").status_code == 400


def test_words_are_looked_for_in_so_many_runs_at_once_and_further_back_on_demand(db: Database) -> None:
    wanted, before, looked_at = runs.RunWanted(words="hand_made"), None, []
    with db.write() as session:
        first = add_by_hand(session)
        while (after := runs.reach_back(session, wanted, before, most=5)) is not None:
            assert runs.list_runs(session, wanted, limit=9, before=before, after=after) == []
            looked_at.append(after)
            before = after + 1
        assert [run.id for run in runs.list_runs(session, wanted, limit=9, before=before)] == [first]
        assert runs.reach_back(session, runs.RunWanted(), None, most=5) is None
    assert len(looked_at) == 2
