"""3.x: arguments of what Dirigent lacks are passed over where they are plain."""

import datetime

from airflow.sdk import DAG, CronTriggerTimetable, dag, get_parsing_context, task, task_group
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowSkipException

assert get_parsing_context().dag_id is None


@task_group(group_id="group", tooltip="two")
def two(n):
    @task(inlets=[], outlets=[], map_index_template="{{ n }}")
    def first(n):
        return n

    @task
    def second(n):
        raise AirflowSkipException("no more")

    second(first(n))


@dag(
    schedule=CronTriggerTimetable("0 0 * * *", timezone="Europe/Berlin"),
    start_date=datetime.datetime(2025, 1, 1),
    dag_display_name="Aside",
    disable_bundle_versioning=True,
    allowed_run_types=None,
)
def v3_assets_aside():
    two(1)


v3_assets_aside()
assert DAG and ParamsDict
expected = {"group.second": "skipped"}
