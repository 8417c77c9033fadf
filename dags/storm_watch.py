"""A branch, a step that fails once and is retried, and one that fails on purpose until you rerun it.

Trigger it and watch: `ask_the_tower` fails its first try and succeeds on its second, by itself.
`send_bulletin` fails for good
the first time in each run. Open it, read its log, press *Rerun*: this time it succeeds, and the run with it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import mean

from flights import tables
from flights.rehearsal import fail_once
from scheduler import DAG, EmptyOperator, Label, Param, task


@task.short_circuit
def has_weather(params=None) -> bool:
    """Go on only where the weather of the day is known."""
    return any(tables.day_of(row) == params["day"] for row in tables.read_sample("weather"))


@task.branch
def judge_weather(params=None) -> str:
    """Choose the way by the mean wind of the day, in miles an hour."""
    today = [row for row in tables.read_sample("weather") if tables.day_of(row) == params["day"]]
    wind = mean(speed for row in today if (speed := tables.number(row["wind_speed"])) is not None)
    sight = min(sight for row in today if (sight := tables.number(row["visib"])) is not None)
    print(f"{params['day']} February: mean wind {wind:.1f} mph, worst sight {sight} miles")
    return "warn" if wind >= params["storm_wind"] or sight < 0.5 else "all_clear"


@task
def warn(params=None) -> str:
    """Count what the storm grounded."""
    flights = [row for row in tables.read_sample("flights") if tables.day_of(row) == params["day"]]
    grounded = sum(row["dep_delay"] == "NA" for row in flights)
    return f"Storm: {grounded} of {len(flights)} flights were cancelled."


@task
def all_clear() -> str:
    """Say so."""
    return "All clear."


@task(retries=2, retry_delay=2)
def ask_the_tower(ti=None) -> str:
    """Fail the first time, as remote services do."""
    if ti.try_number == 1:
        raise ConnectionError(
            "The tower does not answer. This task has retries: it is tried again in 2 seconds."
        )
    return f"The tower answered on try {ti.try_number}."


@task(trigger_rule="none_failed_min_one_success")
def send_bulletin(answer: str, ti=None) -> str:
    """Fail once a run, on purpose, so that there is something to rerun."""
    fail_once(ti.key, "The printer is out of paper.")
    bulletins = [text for text in ti.xcom_pull(["warn", "all_clear"]) if text]
    return f"{' '.join(bulletins)} {answer}"


with DAG(
    "storm_watch",
    description="Branch, retry, and a failure that waits for you to rerun it",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 2, 1, tzinfo=UTC),
    tags=["sample", "weather"],
    params={
        "day": Param(
            8,
            type="integer",
            minimum=1,
            maximum=28,
            description="Day of February 2013; data ends on the 14th",
        ),
        "storm_wind": Param(
            15, type="number", minimum=0, description="Mean wind in mph that counts as a storm"
        ),
    },
) as dag:
    judged = judge_weather()
    bulletin = send_bulletin(ask_the_tower())
    has_weather() >> judged
    judged >> Label("storm") >> warn() >> bulletin
    judged >> Label("calm") >> all_clear() >> bulletin
    bulletin >> EmptyOperator(task_id="done")

if __name__ == "__main__":
    dag.test()
