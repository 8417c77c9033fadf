"""DAGs whose tasks wait, are mapped, looped and make assets; and what must have come of each of their runs."""

from __future__ import annotations

from collections import Counter
from typing import Final

import sqlalchemy as sa

from scheduler.store.tables import asset_event, asset_queue, dag_run, dag_run_event, task_instance, wait
from tests.chaos.arena import Arena
from tests.chaos.ledger import KEEPS_LEDGER
from tests.integration.waiting import eventually

ORCHARD: Final = "orchard"
#: Iterations of the loop.
_COATS: Final = 3

_FILE = (
    KEEPS_LEDGER
    + """
import asyncio
from scheduler import Asset, BaseOperator, BaseTrigger, TriggerEvent, task_group

FRUIT = Asset("fruit")
AGAIN = {{"retries": 20, "retry_delay": timedelta(seconds=0.3), "max_retry_delay": timedelta(seconds=0.5)}}

class Nap(BaseTrigger):
    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def serialize(self):
        return f"{{__name__}}.Nap", {{"seconds": self.seconds}}

    async def run(self):
        await asyncio.sleep(self.seconds)
        yield TriggerEvent(self.seconds)

class Ripens(BaseOperator):
    def __init__(self, number, **arguments):
        super().__init__(**arguments)
        self.number = number

    def execute(self, context):
        note("begin")
        self.defer(trigger=Nap(1 + self.number / 10), method_name="is_ripe")

    def is_ripe(self, context, event):
        live(0.1)
        return self.number

with DAG("orchard", schedule=None, max_active_runs=3, max_active_tasks=8, default_args=AGAIN):
    @task
    def plant():
        live(0.1)
        return list(range(get_current_context()["dag_run"].conf["trees"]))

    @task_group
    def pick(number):
        @task
        def wash(number):
            live(0.1)
            return number

        @task
        def pack(number):
            live(0.1)

        pack(wash(number))

    @task.loop(until=lambda coats: coats == {coats}, max_iterations=10)
    def polish(last_value=None):
        live(0.1)
        return (last_value or 0) + 1

    @task(outlets=[FRUIT])
    def sell():
        live(0.1)

    pick.expand(number=Ripens.partial(task_id="ripens").expand(number=plant()).output) >> polish() >> sell()

with DAG("kitchen", schedule=[FRUIT], default_args=AGAIN):
    @task
    def cook():
        live(0.2)

    cook()
"""
)


def plant(arena: Arena) -> None:
    """Write both DAGs, and wait until they are known."""
    arena.project.write("orchard.py", _FILE.format(ledger=str(arena.ledger), coats=_COATS))
    eventually(lambda: arena.project.record.dag(ORCHARD), within=60, told=arena.project.told)


def digest(arena: Arena, within: float) -> None:
    """Wait until whatever waits for the asset has run for all of its events."""
    queued = sa.select(asset_queue.c.event_id)
    eventually(lambda: not arena.rows(queued) and arena.ended(), within=within, told=arena.progress)


def check_orchard(arena: Arena, trees: int) -> None:
    """Each run has as many instances as it was told, and made one event; each event began one run; no wait is left."""
    wanted = {
        ("plant", 1),
        ("ripens", trees),
        ("pick.wash", trees),
        ("pick.pack", trees),
        ("polish", _COATS),
        ("sell", 1),
    }
    for run_id, found in _instances(arena).items():
        assert set(found.items()) == wanted, f"run {run_id} has {dict(found)}"
    events = arena.rows(sa.select(asset_event.c.id, asset_event.c.run_id))
    assert sorted(row.run_id for row in events) == sorted(arena.acknowledged), f"events are {events}"
    begun = Counter(row.event_id for row in arena.rows(sa.select(dag_run_event.c.event_id)))
    assert begun == Counter(row.id for row in events), f"events began runs: {begun}"
    assert not arena.rows(sa.select(wait.c.id)), "waits are left"


def _instances(arena: Arena) -> dict[str, Counter[str]]:
    query = sa.select(dag_run.c.run_id, task_instance.c.task_id).join(
        task_instance, task_instance.c.run_pk == dag_run.c.id
    )
    found: dict[str, Counter[str]] = {run_id: Counter() for run_id in arena.acknowledged}
    for run_id, task_id in arena.rows(query.where(dag_run.c.dag_id == ORCHARD)):
        found[run_id][task_id] += 1
    return found
