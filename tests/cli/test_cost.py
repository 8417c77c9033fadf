"""`dirigent cost`."""

from __future__ import annotations

import csv
import io

import pytest

from scheduler.cli.output import print_csv
from scheduler.store import Database
from tests.webui import seed


@pytest.fixture(autouse=True)
def shop(dirigent, project, monkeypatch):
    """A project with a history whose attempts are counted."""
    dirigent("db", "upgrade")
    db = Database(f"sqlite:///{project / '.dirigent' / 'dirigent.db'}")
    with db.write() as session:
        seed.add_history(session)
        seed.count(session)
    db.close()
    monkeypatch.setenv("DIRIGENT_CPU_HOUR_PRICE", "36")
    monkeypatch.setenv("DIRIGENT_CURRENCY", "USD")


def test_what_dags_cost_as_a_table_with_its_total(dirigent):
    said = dirigent("cost", "--since", "2026-11-20")
    assert said.code == 0
    head, *rows = [line.split() for line in said.out.splitlines()]
    assert head[0] == "dag"
    assert head[-2:] == ["cost", "currency"]
    assert {row[0] for row in rows} >= {"orders_hourly", "total"}
    assert rows[-1][0] == "total"


def test_the_same_for_programs(dirigent):
    rows = dirigent("cost", "--by", "owner", "--since", "2026-11-20", "-o", "json").json
    shop = next(row for row in rows if row["owner"] == "shop")
    assert shop["attempts"] == round(shop["cpu_seconds"] / 0.3)
    assert float(shop["cost"]) == pytest.approx(shop["cpu_seconds"] / 100, abs=1e-6)
    assert shop["currency"] == "USD"


def test_the_same_for_spreadsheets(dirigent):
    said = dirigent("cost", "--since", "2026-11-20", "--dag", "orders_hourly", "-o", "csv")
    (row,) = csv.DictReader(io.StringIO(said.out))
    assert (row["dag"], row["currency"]) == ("orders_hourly", "USD")


def test_without_a_price_there_is_no_cost(dirigent, monkeypatch):
    monkeypatch.delenv("DIRIGENT_CPU_HOUR_PRICE")
    assert "cost" not in dirigent("cost", "--since", "2026-11-20").out.splitlines()[0]
    rows = dirigent("cost", "--since", "2026-11-20", "-o", "json").json
    assert {row["cost"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DIRIGENT_CPU_HOUR_PRICE", "cheap", "DIRIGENT_CPU_HOUR_PRICE='cheap': give a number"),
        ("DIRIGENT_CPU_HOUR_PRICE", "-1", "give 0 or more"),
        ("DIRIGENT_CPU_HOUR_PRICE", "NaN", "give a number"),
        ("DIRIGENT_CURRENCY", "a euro", "DIRIGENT_CURRENCY='a euro'"),
    ],
)
def test_a_price_that_cannot_be_is_told(dirigent, monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    said = dirigent("cost")
    assert said.code == 1
    assert sentence in said.err


def test_a_span_that_cannot_be_is_told(dirigent):
    said = dirigent("cost", "--since", "lately")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "since='lately' is not understood" in said.err


def test_a_cell_that_a_spreadsheet_would_compute_is_marked_as_text(capsys):
    print_csv([{"owner": "=1+1", "cost": -1}], ["owner", "cost"])
    assert capsys.readouterr().out == "owner,cost\n'=1+1,-1\n"
