"""A report that comes whatever happens to its source: a fallback after a final failure, and a way around it.

The wind at an airport is asked of its station. Where that fails for good, after its retries, the archive steps in: a
task under the rule `all_failed`. Where the station is known to be closed, nobody asks it in vain: a branch takes the
neighbour's wind at once, so no breaker has to learn of it by failures. The report takes what came.

Trigger it with `station` as `works`, `fails` and `closed`, and compare the three runs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import mean

from flights import tables
from scheduler import DAG, Label, Param, result, task

NEIGHBOURS = {"EWR": "LGA", "JFK": "LGA", "LGA": "JFK"}


def wind_at(airport: str, day: int) -> float:
    """Return the mean wind of a day, in miles an hour."""
    rows = (row for row in tables.read_sample("weather") if row["origin"] == airport)
    today = (tables.number(row["wind_speed"]) for row in rows if tables.day_of(row) == day)
    return round(mean(speed for speed in today if speed is not None), 1)


@task.branch
def choose_source(params=None) -> str:
    """Ask the station, unless it is known to be closed."""
    return "ask_neighbour" if params["station"] == "closed" else "ask_station"


@task(retries=1, retry_delay=1)
def ask_station(params=None) -> str:
    """Ask the station of the airport; it may not answer, however often it is asked."""
    if params["station"] == "fails":
        raise ConnectionError("The station does not answer.")
    return f"{wind_at(params['airport'], params['day'])} mph, says the station"


@task(trigger_rule="all_failed")
def read_archive(params=None) -> str:
    """Step in where the station failed for good: the wind of the day before."""
    return f"{wind_at(params['airport'], params['day'] - 1)} mph the day before, says the archive"


@task
def ask_neighbour(params=None) -> str:
    """Take the wind of the airport next to it."""
    other = NEIGHBOURS[params["airport"]]
    return f"{wind_at(other, params['day'])} mph at {other}, says the neighbour"


@result
@task(trigger_rule="one_success")
def report(station: str | None, archive: str | None, neighbour: str | None, params=None) -> str:
    """Take what came."""
    return f"{params['airport']}, {params['day']} February: {station or archive or neighbour}."


with DAG(
    "wind_report",
    description="A fallback after a final failure, and a way around it",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 2, 1, tzinfo=UTC),
    params={
        "airport": Param("EWR", enum=sorted(NEIGHBOURS)),
        "day": Param(8, type="integer", minimum=2, maximum=14),
        "station": Param("fails", enum=["works", "fails", "closed"]),
    },
    tags=["sample", "flights"],
) as dag:
    station, archive, neighbour = ask_station(), read_archive(), ask_neighbour()
    source = choose_source()
    source >> Label("open") >> station >> Label("failed for good") >> archive
    source >> Label("closed") >> neighbour
    report(station, archive, neighbour)

if __name__ == "__main__":
    dag.test()
