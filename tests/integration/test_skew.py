"""Programs of two releases side by side: real servers on tables that are a release ahead."""

from __future__ import annotations

from scheduler.store import migrate
from scheduler.store.migrations import HEAD
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
    shop.home.mkdir(exist_ok=True)
    migrate.upgrade(shop.db)
    go_ahead(shop.db, bears=HEAD)
    server = shop.start()
    run = shop.trigger("orders").until("success")
    assert "total 1" in run.log("work__1")
    assert f"is at 9999, ahead of this program ({HEAD})" in server.output
    checked = shop.dirigent("db", "check")
    assert (checked.returncode, "which can work with it for now" in checked.stdout) == (0, True)


def test_tables_that_do_not_bear_a_program_stop_it_with_the_remedy(new_project):
    shop = new_project()
    shop.home.mkdir(exist_ok=True)
    migrate.upgrade(shop.db)
    go_ahead(shop.db, bears="9999")
    refused = shop.dirigent("up")
    assert refused.returncode == 1
    assert "was migrated by a newer Dirigent" in refused.stderr
    assert "Install that version" in refused.stderr
