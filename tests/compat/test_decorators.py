"""`@task.NAME` is what an installed provider announces under that name."""

from __future__ import annotations

import pytest

from scheduler.compat.airflow import decorators
from scheduler.errors import NotInDirigent

PROVIDER = """
def info():
    return {"task-decorators": [{"name": "acme", "class-name": "acme_airflow.acme_task"}]}

def acme_task(python_callable=None, **arguments):
    from airflow.decorators.base import DecoratedOperator, task_decorator_factory
    return task_decorator_factory(python_callable, decorated_operator_class=DecoratedOperator, **arguments)
"""
FILE = """
from airflow.decorators import dag, task
@dag(schedule=None)
def orders():
    @task.acme(retries=2)
    def one():
        return 1
    one()
orders()
"""


@pytest.fixture(autouse=True)
def announced_anew():
    decorators._announced.cache_clear()
    yield
    decorators._announced.cache_clear()


def test_a_decorator_of_an_installed_provider_is_found(load, tmp_path, monkeypatch):
    there = tmp_path / "there"
    place = there / "acme_airflow-1.0.dist-info"
    place.mkdir(parents=True)
    (there / "acme_airflow.py").write_text(PROVIDER)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-airflow\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text("[apache_airflow_provider]\nprovider_info=acme_airflow:info\n")
    monkeypatch.syspath_prepend(there)
    dag = load(FILE).dag
    assert dag.get_task("one").retries == 2
    assert dag.test().xcom("one") == 1


def test_one_that_nobody_announces_is_named_with_the_remedy(load):
    with pytest.raises(NotInDirigent, match=r"no installed provider has a decorator @task\.acme"):
        load(FILE)
