"""Assets in servers of their own kind: what one DAG makes, another runs for."""

from __future__ import annotations

import pytest

from tests.integration.record import Run
from tests.integration.waiting import eventually

ASSETS = """
from scheduler import DAG, Asset, task

orders = Asset("orders")
with DAG("makes", schedule=None):
    @task(outlets=[orders], retries=0)
    def make():
        pass

    make()

with DAG("reads", schedule=[orders]):
    @task
    def read(triggering_asset_events=None):
        print("begun by", [event.source_run_id for event in triggering_asset_events[orders]])

    read()
"""


@pytest.mark.parametrize(
    "place",
    ["assets-changed.open", "assets-changed.committed", "assets-taken.open", "assets-taken.committed"],
)
def test_a_crash_around_an_event_neither_loses_nor_doubles_the_run_that_it_begins(new_project, place):
    shop = new_project()
    shop.write("assets.py", ASSETS)
    doomed = shop.start(DIRIGENT_TEST_FAILPOINTS=f"{place}=crash")
    run = shop.trigger("makes")
    eventually(lambda: not doomed.is_running, told=shop.told)
    shop.start()
    run.until()
    (begun,) = eventually(lambda: shop.record.runs("reads"), told=shop.told)
    after = Run(shop.record, begun.id, begun.run_id, shop.told).until()
    assert f"begun by ['{run.run_id}']" in after.log("read")
    shop.trigger("makes").until()
    second = eventually(lambda: shop.record.runs("reads")[1:], told=shop.told)
    assert len(second) == 1
