"""One task an airline, side by side, and one that ranks them.

The airlines come from `data/airlines.csv`, which is read while this file is loaded: change the file, and the
graph follows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import mean

from flights import tables
from scheduler import DAG, TaskGroup, publish_artifact, task

AIRLINES = {row["carrier"]: row["name"] for row in tables.read_sample("airlines")}


@task
def summarise(carrier: str, name: str) -> dict[str, object]:
    """Count the flights of one airline and how late they were."""
    delays = [
        tables.number(row["dep_delay"]) for row in tables.read_sample("flights") if row["carrier"] == carrier
    ]
    flown = [delay for delay in delays if delay is not None]
    return {
        "airline": name,
        "flights": len(delays),
        "cancelled": len(delays) - len(flown),
        "mean_delay": round(mean(flown), 1) if flown else None,
    }


@task(trigger_rule="none_failed")
def rank(summaries: list[dict[str, object]]) -> list[str]:
    """Order the airlines, the most punctual first; those that did not fly in these weeks come last."""
    flew = sorted((each for each in summaries if each["flights"]), key=lambda each: each["mean_delay"])
    rest = [each for each in summaries if not each["flights"]]
    lines = ["airline,flights,cancelled,mean_delay"]
    lines += [
        f"{each['airline']},{each['flights']},{each['cancelled']},{each['mean_delay']}" for each in flew
    ]
    publish_artifact("ranking.csv", "\n".join(lines) + "\n")
    return [str(each["airline"]) for each in [*flew, *rest]]


with DAG(
    "flights_by_carrier",
    description="Fan out to one task an airline, and join",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 2, 1, tzinfo=UTC),
    tags=["sample", "flights"],
) as dag:
    with TaskGroup("airlines", tooltip="One task each"):
        summaries = [
            summarise.override(task_id=carrier, task_display_name=name)(carrier, name)
            for carrier, name in AIRLINES.items()
        ]
    rank(summaries)

if __name__ == "__main__":
    dag.test()
