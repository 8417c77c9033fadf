"""1.10: LatestOnly and the run that a DAG starts, at their old addresses; attributes set after the fact."""

from datetime import datetime

from airflow import models
from airflow.operators.dagrun_operator import TriggerDagRunOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.latest_only_operator import LatestOnlyOperator

dag = models.DAG("v1_latest_only", start_date=datetime(2020, 1, 1), schedule_interval="@monthly", max_active_runs=1)
dag.doc_md = __doc__
latest = LatestOnlyOperator(task_id="latest", dag=dag)
after = DummyOperator(task_id="after", dag=dag, trigger_rule="dummy", wait_for_downstream=False)
after.doc_md = "after"
never = DummyOperator(task_id="never", dag=dag, trigger_rule="all_failed")
starts = TriggerDagRunOperator(task_id="starts", trigger_dag_id="other", dag=dag)
after.set_upstream(latest)
never.set_upstream(after)
starts.set_upstream(never)

expected = {"never": "skipped", "starts": "skipped"}
