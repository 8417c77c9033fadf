"""1.10: HTTP, SQL and e-mail at their old addresses; SqliteOperator with its own connection argument."""

import tempfile
from datetime import datetime
from pathlib import Path

from airflow import DAG
from airflow.hooks.dbapi_hook import DbApiHook
from airflow.hooks.http_hook import HttpHook
from airflow.operators.email_operator import EmailOperator
from airflow.operators.http_operator import SimpleHttpOperator
from airflow.operators.sqlite_operator import SqliteOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator
from airflow.sensors.http_sensor import HttpSensor
from airflow.sensors.sql_sensor import SqlSensor

URL = f"sqlite:///{Path(tempfile.mkdtemp(prefix='dirigent-compat-'), 'hooks.db')}"
with DAG("v1_hooks_and_sql", start_date=datetime(2020, 1, 1), schedule_interval=None) as dag:
    create = SqliteOperator(task_id="create", sql="create table if not exists t (n int)", sqlite_conn_id=URL)
    fill = PostgresOperator(task_id="fill", sql=["insert into t values (1)"], postgres_conn_id=URL, autocommit=True)
    look = SqlSensor(task_id="look", sql="select count(*) from t", conn_id=URL, poke_interval=1)
    create >> fill >> look

assert DbApiHook and HttpHook and EmailOperator and SimpleHttpOperator and HttpSensor
