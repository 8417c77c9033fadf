"""3.x: macros, conf, Variable and Connection of the sdk in templates and functions."""

from datetime import datetime

from airflow.sdk import DAG, Connection, Variable, XComArg, conf, cross_downstream, macros, task
from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.definitions.context import Context, get_current_context
from airflow.sdk.timezone import parse, utcnow
from airflow.sdk.types import RuntimeTaskInstanceProtocol


@task
def one(line, ti: RuntimeTaskInstanceProtocol = None):
    context: Context = get_current_context()
    assert context["ti"] is ti
    assert line == "02.01.2025 a fallback None"
    assert macros.ds_add("2025-01-01", 1) == "2025-01-02"
    Variable.set("compat_set", "1")
    return Variable.get("compat_set")


@task
def two():
    assert parse("2025-01-01T00:00:00Z") < utcnow()


with DAG("v3_macros_and_conf", schedule=None, start_date=datetime(2025, 1, 1)) as dag:
    text = "{{ macros.ds_format('2025-01-02', '%Y-%m-%d', '%d.%m.%Y') }} a {{ var.value.get('none', 'fallback') }} {{ conn.get('none') }}"
    first = one(text)
    cross_downstream([first], [two()])
    assert isinstance(first, XComArg)

assert conf.getboolean("core", "load_examples") is False
assert Connection(conn_id="c", conn_type="http").conn_id == "c" and BaseHook
