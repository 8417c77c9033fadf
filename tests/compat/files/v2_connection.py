"""2.x: connections made in code, a hook of one's own, what is not there."""

from datetime import datetime

from airflow import DAG
from airflow.exceptions import AirflowNotFoundException
from airflow.hooks.base import BaseHook
from airflow.models import Connection, Variable
from airflow.models.connection import Connection as Same
from airflow.operators.python import PythonOperator

assert Connection is Same
made = Connection(conn_id="c", uri="postgres://me:s%3Ac@host:5432/db?sslmode=require")
assert (made.conn_type, made.login, made.password, made.host, made.port, made.schema) == (
    *("postgres", "me", "s:c", "host", 5432, "db"),
)
assert made.extra_dejson == {"sslmode": "require"}
assert Connection(conn_id="d", conn_type="http", host="h", extra={"a": 1}).get_uri() == "http://h/?a=1"
assert Variable.get("compat_absent", default_var=None) is None


class Mine(BaseHook):
    conn_name_attr = "mine_conn_id"

    def __init__(self, mine_conn_id="mine_default"):
        super().__init__()
        self.mine_conn_id = mine_conn_id

    def get_conn(self):
        return self.get_connection(self.mine_conn_id)


def absent():
    try:
        Mine().get_conn()
    except AirflowNotFoundException:
        return "absent"


with DAG("v2_connection", start_date=datetime(2021, 1, 1), schedule="@daily") as dag:
    PythonOperator(task_id="absent", python_callable=absent)
