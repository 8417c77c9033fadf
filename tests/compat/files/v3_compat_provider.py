"""3.x: the names that providers of Airflow's build on."""

from datetime import datetime

from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowException,
    AirflowSkipException,
    BaseHook,
    BaseOperator,
    Context,
    TriggerRule,
    conf,
    timezone,
)
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS
from airflow.providers.standard.version_compat import AIRFLOW_V_3_1_PLUS

assert AIRFLOW_V_3_0_PLUS and AIRFLOW_V_3_1_PLUS
assert issubclass(AirflowSkipException, AirflowException)
assert conf.get("core", "executor", fallback="")


class Waits(BaseOperator):
    def execute(self, context: Context):
        assert context["logical_date"] <= timezone.utcnow()
        return BaseHook.__name__


with DAG("v3_compat_provider", schedule=None, start_date=timezone.datetime(2025, 1, 1)) as dag:
    Waits(task_id="waits", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)

assert isinstance(dag.start_date, datetime)
