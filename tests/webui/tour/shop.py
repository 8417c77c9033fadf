"""The installation that the tour visits: a running `dirigent up`, its DAGs, people and runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.operations.accounts import create_account
from scheduler.operations.pools import set_pool
from scheduler.operations.sign_in import make_link
from scheduler.store.tables import dag_version
from scheduler.wire import Json
from tests.integration.project import Project, project
from tests.integration.record import Run
from tests.integration.waiting import eventually

DAGS = Path(__file__).parent / "dags"
DAG_COUNT = 9
PASSWORD = "correct horse battery"
PEOPLE = {"ada": "Admin", "vera": "Viewer", "paul": "User"}


class Shop:
    """What the tour needs to know of the installation."""

    def __init__(self, place: Project, address: str) -> None:
        self.place = place
        self.address = address
        self._count = 0

    def name(self, word: str) -> str:
        """Return a name that nothing else has."""
        self._count += 1
        return f"{word}_{self._count}"

    def trigger(self, dag_id: str, **conf: Json) -> Run:
        """Start a run, and do not wait for it."""
        return self.place.trigger(dag_id, dict(conf))

    def failed_run(self) -> Run:
        """Return a new run whose load failed, and succeeds when it runs again."""
        return self.trigger("shop_orders", fails=True).until("failed")

    @cached_property
    def failed(self) -> Run:
        """A run whose load failed, and that nobody changes."""
        return self.failed_run()

    @cached_property
    def good(self) -> Run:
        """A run that succeeded, and that nobody changes."""
        return self.trigger("shop_orders", region="south").until()

    def is_stocked(self) -> bool:
        """Tell whether every DAG is known, and the one that was written twice in its second version."""
        counts = sa.select(dag_version.c.dag_id, sa.func.count().label("versions")).group_by(
            dag_version.c.dag_id
        )
        known = {str(row.dag_id): int(row.versions) for row in self.place.record.rows(counts)}
        return len(known) == DAG_COUNT and known["shop_stock"] == 2

    def link(self) -> str:
        """Return an address that signs in once."""
        return self.place.db.transact(lambda session: make_link(session, SystemClock().now(), self.address))

    def add_person(self, name: str, role: str) -> str:
        """Create an account; return its name."""
        now = SystemClock().now()
        self.place.db.transact(
            lambda session: create_account(session, now, name, roles=[role], password=PASSWORD, actor="test")
        )
        return name


def page_of(run: Run, view: str = "") -> str:
    """Return the path of a run's page."""
    return f"/dags/{run.row.dag_id}/runs/{quote(run.run_id, safe='')}{view}"


def log_of(run: Run, task_id: str) -> str:
    """Return the path of a task's log."""
    return page_of(run, f"/tasks/{task_id}")


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """Start the installation, with accounts, a closed pool and two versions of a DAG."""
    with project(folder, parallelism="4") as place:
        for file in DAGS.glob("*.py"):
            shutil.copy(file, place.dags)
        place.write("shop_stock.py", STOCK.format(hours=1))
        server = place.start()
        shop = Shop(place, server.address)
        for name, role in PEOPLE.items():
            shop.add_person(name, role)
        now = SystemClock().now()
        place.db.transact(lambda session: set_pool(session, now, "closed", 0, actor="test"))
        shop.trigger("shop_stock").until()
        place.write("shop_stock.py", STOCK.format(hours=2))
        eventually(shop.is_stocked, told=place.told)
        yield shop


#: A DAG that is written twice, so that it has two versions.
STOCK = '''
"""What is in stock; written twice."""

from datetime import timedelta

from scheduler import DAG, task


@task(execution_timeout=timedelta(hours={hours}))
def look():
    print("there is enough")


with DAG("shop_stock", schedule=None, tags=["shop"]):
    look()
'''
