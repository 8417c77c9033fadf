"""3.x: retries decided by the exception, run_if and skip_if."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, ExceptionRetryPolicy, RetryAction, RetryRule, task

calls = []


@task(
    retries=3,
    retry_policy=ExceptionRetryPolicy(
        rules=[
            RetryRule(exception=ConnectionError, action=RetryAction.RETRY, retry_delay=timedelta(seconds=0)),
            RetryRule(exception=PermissionError, action=RetryAction.FAIL),
        ]
    ),
)
def fails():
    calls.append(1)
    raise ConnectionError if len(calls) == 1 else PermissionError


@task(trigger_rule="all_done")
def counts():
    assert len(calls) == 2


with DAG("v3_retry_policy", schedule=None, start_date=datetime(2025, 1, 1)) as dag:
    fails() >> counts()

expected = {"fails": "failed"}
