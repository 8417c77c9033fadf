"""Programs of two releases side by side: real servers on tables that are a release ahead."""

from __future__ import annotations

from signal import SIGTERM

import pytest

from scheduler.errors import NewerForm
from scheduler.store.migrations import HEAD
from scheduler.wire import WIRE_VERSION
from tests.integration.next_release import NEXT_FORM, make_next_release
from tests.integration.record import Run
from tests.integration.waiting import eventually
from tests.store.ahead import go_ahead

DAG = """
    from scheduler import DAG, task

    with DAG("orders"):
        @task
        def work(total=0):
            print("total", total)
            return total + 1
        work(work())
"""


def test_a_server_of_the_release_before_starts_and_runs_on_tables_of_the_next_one(new_project):
    shop = new_project()
    shop.write("orders.py", DAG)
    go_ahead(shop.db, bears=HEAD)
    server = shop.start()
    run = shop.trigger("orders").until("success")
    assert "total 1" in run.log("work__1")
    assert f"is at 9999, ahead of this program ({HEAD})" in server.output
    checked = shop.dirigent("db", "check")
    assert (checked.returncode, "which can work with it for now" in checked.stdout) == (0, True)


def test_tables_that_do_not_bear_a_program_stop_it_with_the_remedy(new_project):
    shop = new_project()
    go_ahead(shop.db, bears="9999")
    refused = shop.dirigent("up")
    assert refused.returncode == 1
    assert "was migrated by a newer Dirigent" in refused.stderr
    assert "Install that version" in refused.stderr


DREAMS = """
    from scheduler import DAG, task

    with DAG("dreams"):
        @task(retries=0)
        def dream():
            pass
        dream()
"""


@pytest.mark.slow
def test_servers_of_two_releases_take_each_others_places_without_one_failed_task(
    new_project, tmp_path, empty_postgres_db, redis_url
):
    url = empty_postgres_db.url.render_as_string(hide_password=False)
    shop = new_project(database_url=url, broker_url=redis_url, secret_key="k" * 44, lease_s="6")
    newer = {"PYTHONPATH": str(make_next_release(tmp_path / "next", HEAD))}
    shop.write("orders.py", DAG)
    scheduler, worker = shop.launch("scheduler"), shop.launch("worker")
    for server in (scheduler, worker):
        server.wait_for(" is up")
    shop.trigger("orders").until("success")
    newer_scheduler = shop.start("scheduler", **newer)
    scheduler.stop(SIGTERM)
    shop.trigger("orders").until("success")
    worker.stop(SIGTERM)
    worker = shop.start("worker")
    shop.trigger("orders").until("success")
    assert "is at 9000, ahead of this program" in worker.output

    # What only the next release can read is left to it.
    shop.write("dreams.py", DREAMS)
    eventually(lambda: shop.record.dag("dreams"), told=shop.told)
    with pytest.raises(NewerForm, match=f"in form {NEXT_FORM}"):
        shop.trigger("dreams")
    assert shop.dirigent("dags", "trigger", "dreams", **newer).returncode == 0
    (row,) = shop.record.runs("dreams")
    dream = Run(shop.record, row.id, row.run_id, shop.told)
    words = f"written by a newer Dirigent, in form {NEXT_FORM}; this one reads up to {WIRE_VERSION}."
    eventually(lambda: words in dream.task("dream").reason, told=shop.told)
    shop.start("worker", **newer)
    dream.until("success")
    assert len(dream.attempts("dream")) == 1

    worker.stop(SIGTERM)
    shop.start("scheduler")
    newer_scheduler.stop(SIGTERM)
    shop.trigger("orders").until("success")
