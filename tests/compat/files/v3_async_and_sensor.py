"""3.x: coroutines, @task.sensor, @task.bash with a processor, BaseSensorOperator of the sdk."""

import asyncio
import json
from datetime import datetime, timezone

from airflow.sdk import DAG, BaseSensorOperator, PokeReturnValue, task


@task
async def waits():
    await asyncio.sleep(0)
    return 5


@task.sensor(poke_interval=1, timeout=10, mode="poke")
def ready() -> PokeReturnValue:
    return PokeReturnValue(is_done=True, xcom_value="ready")


@task.bash(output_processor=json.loads)
def reads(n: int) -> str:
    return f"echo '{{\"n\": {n}}}'"


class Looks(BaseSensorOperator):
    def poke(self, context) -> bool:
        return context["ti"].xcom_pull(task_ids="reads") == {"n": 5}


with DAG("v3_async_and_sensor", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=timezone.utc)) as dag:  # noqa: UP017
    reads(waits()) >> Looks(task_id="looks", poke_interval=1) >> ready()
