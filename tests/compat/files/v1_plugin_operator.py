"""1.10: an operator of one's own with apply_defaults, and a hook."""

import airflow
from airflow.hooks.base_hook import BaseHook
from airflow.models import BaseOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.utils.decorators import apply_defaults
from airflow.utils.log.logging_mixin import LoggingMixin


class CountHook(BaseHook, LoggingMixin):
    def __init__(self, source=None):
        self.source = source

    def count(self):
        self.log.info("counting")
        return 3


class CountOperator(BaseOperator):
    template_fields = ("table",)
    ui_color = "#fff"

    @apply_defaults
    def __init__(self, table, limit=10, *args, **kwargs):
        super(CountOperator, self).__init__(*args, **kwargs)
        self.table = table
        self.limit = limit

    def execute(self, context):
        assert self.table == "orders_" + context["ds_nodash"]
        assert self.limit == 5
        return CountHook().count()


dag = airflow.DAG(
    "v1_plugin_operator",
    start_date=airflow.utils.dates.days_ago(1),
    schedule_interval=None,
    default_args={"limit": 5, "task_concurrency": 1},
)
CountOperator(
    task_id="count", table="orders_{{ ds_nodash }}", dag=dag, task_concurrency=2, resources={}
) >> DummyOperator(task_id="end", dag=dag)
