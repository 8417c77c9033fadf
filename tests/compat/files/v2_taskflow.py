"""2.x: decorators, multiple outputs, notes in doc_md."""

from datetime import datetime

from airflow.decorators import dag, task, task_group


@dag(
    schedule_interval=None,
    start_date=datetime(2021, 1, 1),
    catchup=False,
    tags=["example"],
    default_args={"retries": 0},
)
def v2_taskflow():
    """### ETL"""

    @task()
    def extract():
        return {"a": 1, "b": 2}

    @task(multiple_outputs=True)
    def transform(order: dict):
        return {"total": sum(order.values())}

    @task
    def load(total: float, ti=None, ds=None, logical_date=None):
        assert total == 3
        assert ti.task_id == "group.load"
        assert str(logical_date).startswith(ds)

    @task_group
    def group(total):
        load(total)

    @task.branch(task_id="choose")
    def choose(execution_date, next_ds, **kwargs):
        return "one" if next_ds else "two"

    @task.bash
    def one() -> str:
        return "echo one"

    @task.short_circuit()
    def two():
        return False

    summary = transform(extract())
    group(summary["total"])
    choose() >> [one(), two()]


v2_taskflow = v2_taskflow()
expected = {"two": "skipped"}
