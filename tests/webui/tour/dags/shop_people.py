"""A run that asks people, one that waits for room, one that waits until it is cancelled."""

from __future__ import annotations

from datetime import timedelta

from scheduler import DAG, ApprovalOperator, HITLEntryOperator, Param, TimeDeltaSensor, task


@task
def pay() -> str:
    """Pay it."""
    return "paid"


@task(pool="closed")
def pack() -> str:
    """Pack it, once there is room."""
    return "packed"


with DAG("shop_refund", schedule=None, tags=["people"]):
    approve = ApprovalOperator(
        task_id="approve", subject="Refund order 7?", response_timeout=timedelta(hours=1)
    )
    approve >> pay()

with DAG("shop_restock", schedule=None, tags=["people"]):
    how_many = HITLEntryOperator(
        task_id="how_many",
        subject="How many chairs are to be bought?",
        params={"chairs": Param(10, type="integer", minimum=1, maximum=1000)},
        response_timeout=timedelta(hours=1),
    )
    how_many >> pay()

with DAG("shop_parcels", schedule=None, tags=["waits"]):
    pack()

with DAG("shop_night", schedule=None, tags=["waits"]):
    (
        TimeDeltaSensor(
            task_id="until_morning", delta=timedelta(hours=8), mode="reschedule", poke_interval=600
        )
        >> pay()
    )
