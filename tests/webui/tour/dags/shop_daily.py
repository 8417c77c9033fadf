"""What runs by the calendar and by assets."""

from __future__ import annotations

from datetime import UTC, datetime

from scheduler import DAG, Asset, EmptyOperator, task

sales = Asset("sales", uri="shop://sales")


@task(outlets=[sales])
def count() -> int:
    """Count the sales of the day."""
    return 1


with DAG(
    "shop_daily",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["daily"],
):
    count()

with DAG(
    "shop_letters",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["waits"],
):
    EmptyOperator(task_id="post", pool="closed", retries=1)

with DAG("shop_ranking", schedule=[sales], tags=["daily"]):
    EmptyOperator(task_id="rank")
