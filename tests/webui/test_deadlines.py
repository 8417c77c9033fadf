"""Deadlines of a run, on its page and in the API."""

from __future__ import annotations

from urllib.parse import quote

import sqlalchemy as sa

from scheduler.store import Database
from scheduler.store.tables import dag_run
from tests.webui.conftest import Browser
from tests.webui.test_pages import FAILED_RUN, FAILED_RUN_ID

AT = "2026-11-21T13:00:00+00:00"


def test_those_that_wait_or_were_missed_are_shown_and_no_markup_of_their_names(
    person: Browser, db: Database
) -> None:
    stored = [
        {"place": number, "name": name, "at": AT, "state": state}
        for number, (name, state) in enumerate(
            {"<b>late": "missed", "later": "waits", "early": "met"}.items()
        )
    ]
    with db.write() as session:
        session.execute(sa.update(dag_run).where(dag_run.c.run_id == FAILED_RUN_ID).values(deadlines=stored))
    text = person.get(FAILED_RUN).text
    assert "<b>&lt;b&gt;late</b> missed: the run had not succeeded by 2026-11-21 13:00 UTC" in text
    assert "<b>later</b> at 2026-11-21 13:00 UTC" in text
    assert "early" not in text
    run = person.get(f"/api/v2/dags/orders_hourly/dagRuns/{quote(FAILED_RUN_ID, safe='')}").json
    assert run is not None
    assert [(each["name"], each["state"]) for each in run["deadlines"]] == [
        ("<b>late", "missed"),
        ("later", "waits"),
        ("early", "met"),
    ]
