"""A run that asks you: what a storm grounded is rebooked once somebody has approved it.

Trigger it. `how_many` asks for a number and `approve` for a yes or no; both wait as *awaiting input*, which holds
no slot. Answer on the page *Actions*, or in a terminal: `dirigent tasks questions`, `dirigent tasks answer`. Nobody
in an hour means no. `rebook` keeps how far it came: it fails halfway, and its next try goes on from there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flights import tables
from scheduler import DAG, ApprovalOperator, HITLEntryOperator, Param, task


@task
def count_grounded(params=None) -> int:
    """Count the flights of the day that never left."""
    flights = [row for row in tables.read_sample("flights") if tables.day_of(row) == params["day"]]
    return sum(row["dep_delay"] == "NA" for row in flights)


@task(retries=2, retry_delay=1)
def rebook(asked, task_state_store=None, ti=None) -> int:
    """Rebook flight by flight; the first try stops halfway, and the second goes on from there."""
    wanted = asked["params_input"]["flights"]
    done = task_state_store.get("done", default=0)
    print(f"{done} of {wanted} are done")
    for number in range(done, wanted):
        if ti.try_number == 1 and number == wanted // 2:
            raise ConnectionError("The airline hung up. This task has retries, and knows how far it came.")
        task_state_store.set("done", number + 1)
    return wanted


with DAG(
    "rebooking",
    description="Asks how many and whether, and keeps how far it came",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2013, 2, 1, tzinfo=UTC),
    tags=["sample", "people"],
    params={"day": Param(8, type="integer", minimum=1, maximum=28, description="Day of February 2013")},
) as dag:
    grounded = count_grounded()
    how_many = HITLEntryOperator(
        task_id="how_many",
        subject="How many of {{ ti.xcom_pull('count_grounded') }} grounded flights are to be rebooked?",
        params={
            "flights": Param(
                10, type="integer", minimum=1, maximum=1000, description="The others are refunded"
            )
        },
        response_timeout=timedelta(hours=1),
    )
    approve = ApprovalOperator(
        task_id="approve",
        subject="Rebook {{ ti.xcom_pull('how_many')['params_input']['flights'] }} flights?",
        body="The storm of **{{ params.day }} February** grounded {{ ti.xcom_pull('count_grounded') }}.",
        defaults="Reject",
        response_timeout=timedelta(hours=1),
    )
    grounded >> how_many >> approve >> rebook(how_many.output)

if __name__ == "__main__":
    dag.test(answers={"how_many": "OK", "approve": "Approve"})
