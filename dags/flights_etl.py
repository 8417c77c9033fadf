"""Extract, check, join, load and report: two weeks of flights out of New York."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from flights import tables
from flights.folder import run_folder
from flights.rehearsal import fail_once
from flights.reports import daily_chart, report
from scheduler import DAG, FailTask, Param, TaskGroup, publish_artifact, task

CARRIERS = ["all", *sorted(row["carrier"] for row in tables.read_sample("airlines"))]
COLUMNS = [
    "day",
    "carrier",
    "airline",
    "flight",
    "origin",
    "dest",
    "dep_delay",
    "cancelled",
    "wind_speed",
    "seats",
]


@task
def extract(params=None, dag_run=None) -> dict[str, object]:
    """Copy the flights of the chosen days and airline."""
    first, last, carrier = params["first_day"], params["last_day"], params["carrier"]
    if first > last:
        raise FailTask(f"first_day {first} is after last_day {last}; trigger again with the days in order.")
    chosen = [
        row
        for row in tables.read_sample("flights")
        if first <= tables.day_of(row) <= last and carrier in ("all", row["carrier"])
    ]
    if not chosen:
        raise FailTask(f"{carrier} had no flights from {first} to {last} February.")
    path = run_folder("flights_etl", dag_run.run_id) / "flights.csv"
    return {"path": str(path), "rows": tables.write(path, chosen[0], chosen)}


@task
def check_columns(extracted: dict[str, object]) -> int:
    """Refuse a file that lacks what the join needs."""
    needed = {"day", "carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "time_hour"}
    missing = needed - set(next(tables.read(Path(str(extracted["path"])))))
    if missing:
        raise FailTask(f"The file lacks the columns {sorted(missing)}.")
    return len(needed)


@task
def check_rows(extracted: dict[str, object]) -> dict[str, int]:
    """Count what looks wrong; too much of it stops the run."""
    rows = list(tables.read(Path(str(extracted["path"]))))
    unknown_planes = {row["tailnum"] for row in rows} - {
        row["tailnum"] for row in tables.read_sample("planes")
    }
    odd = [row for row in rows if abs(tables.number(row["dep_delay"]) or 0) > 24 * 60]
    print(f"{len(rows)} rows, {len(odd)} with impossible delays, {len(unknown_planes)} planes unknown")
    if len(odd) > len(rows) / 100:
        raise FailTask(f"{len(odd)} of {len(rows)} rows have impossible delays.")
    return {"rows": len(rows), "odd": len(odd), "unknown_planes": len(unknown_planes)}


@task(execution_timeout=timedelta(minutes=1))
def join(extracted: dict[str, object]) -> str:
    """Add the airline's name, the wind at departure and the seats of the plane."""
    airlines = {row["carrier"]: row["name"] for row in tables.read_sample("airlines")}
    winds = {(row["origin"], row["time_hour"]): row["wind_speed"] for row in tables.read_sample("weather")}
    seats = {row["tailnum"]: row["seats"] for row in tables.read_sample("planes")}
    source = Path(str(extracted["path"]))
    joined = (
        row
        | {"airline": airlines[row["carrier"]], "seats": seats.get(row["tailnum"], "")}
        | {"wind_speed": winds.get((row["origin"], row["time_hour"]), "")}
        | {"cancelled": str(int(row["dep_delay"] == "NA"))}
        for row in tables.read(source)
    )
    target = source.with_name("joined.csv")
    print(f"joined {tables.write(target, COLUMNS, joined)} rows")
    return str(target)


@task(retries=2, retry_delay=5)
def load(joined: str, params=None, ti=None) -> str:
    """Put the rows into a database file, day by day; loading again replaces them."""
    if params["rehearse_failure"]:
        fail_once(ti.key, "The database is on holiday.")
    path = Path(joined).with_name("flights.db")
    rows = map(typed, tables.read(Path(joined)))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE IF EXISTS flight")
        database.execute(
            "CREATE TABLE flight (day INT, carrier, airline, flight, origin, dest, cancelled INT, "
            "dep_delay REAL, wind_speed REAL, seats REAL)"
        )
        for day, of_day in groupby(rows, key=itemgetter(0)):
            loaded = database.executemany(f"INSERT INTO flight VALUES ({','.join('?' * 10)})", of_day)
            print(f"{day} February: {loaded.rowcount} flights")
            time.sleep(params["pause"])
    return str(path)


def typed(row: tables.Row) -> tuple[int | str | float | None, ...]:
    """Return the row as the database takes it."""
    texts = (row[name] for name in ("carrier", "airline", "flight", "origin", "dest", "cancelled"))
    numbers = (tables.number(row[name]) for name in ("dep_delay", "wind_speed", "seats"))
    return (tables.day_of(row), *texts, *numbers)


@task
def publish(path: str, checked: dict[str, int], params=None) -> dict[str, int]:
    """Make the report and its chart; the page shows both."""
    days = f"{params['first_day']} to {params['last_day']} February 2013"
    whose = "all airlines" if params["carrier"] == "all" else params["carrier"]
    note = f"{checked['rows']} flights of {whose}, {days}."
    with closing(sqlite3.connect(path)) as database:
        chart = daily_chart(database)
        page = report(database, params["minimum_delay"], chart, note)
        late = database.execute("SELECT COUNT(*) FROM flight WHERE dep_delay >= ?", [params["minimum_delay"]])
        counted = {"flights": checked["rows"], "late": late.fetchone()[0]}
    publish_artifact("report.html", page)
    publish_artifact("delays.svg", chart)
    return counted


with DAG(
    "flights_etl",
    description="Extract, check, join, load, report: flights out of New York",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 2, 1, tzinfo=UTC),
    tags=["sample", "flights"],
    params={
        "first_day": Param(1, type="integer", minimum=1, maximum=14, title="First day of February 2013"),
        "last_day": Param(14, type="integer", minimum=1, maximum=14, title="Last day"),
        "minimum_delay": Param(
            15, type="integer", minimum=0, description="Minutes from which a flight counts as late"
        ),
        "carrier": Param("all", type="string", enum=CARRIERS, description="Airline, or all of them"),
        "pause": Param(
            0.5, type="number", minimum=0, maximum=60, description="Seconds to rest after each day loaded"
        ),
        "rehearse_failure": Param(
            False, type="boolean", description="Let the load fail once, to try a rerun"
        ),
    },
) as dag:
    extracted = extract()
    with TaskGroup("checks", tooltip="What must hold before the data is used") as checks:
        check_columns(extracted)
        checked = check_rows(extracted)
    joined = join(extracted)
    checks >> joined
    publish(load(joined), checked)

if __name__ == "__main__":
    dag.test()
