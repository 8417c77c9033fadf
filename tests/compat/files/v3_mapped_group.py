"""3.x: a task group mapped over a list, zipped and mapped results."""

from datetime import datetime

from airflow.sdk import DAG, task, task_group


@task
def letters():
    return ["a", "b"]


@task
def numbers():
    return [1, 2]


@task
def pair(pair):
    return f"{pair[0]}{pair[1]}"


@task
def joins(words):
    assert sorted(words) == ["A1", "B2"]


@task_group
def both(n):
    @task
    def double(n):
        return n * 2

    @task
    def check(n):
        assert n in (2, 4)

    check(double(n))


with DAG("v3_mapped_group", schedule=None, start_date=datetime(2025, 1, 1)) as dag:
    both.expand(n=[1, 2])
    found = letters()
    joins(pair.expand(pair=found.map(str.upper).zip(numbers())))
