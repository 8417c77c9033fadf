"""1.10: dates around the logical date in templates, a macro of one's own, a filter."""

from datetime import datetime

from airflow import DAG, macros
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python_operator import PythonOperator

LINE = (
    "{{ ds }} {{ prev_ds }} {{ next_ds }} {{ yesterday_ds }} {{ tomorrow_ds }} {{ ds_nodash }} {{ yesterday_ds_nodash }} "
    "{{ ts }} {{ ts_nodash }} {{ execution_date.strftime('%Y') }} {{ next_execution_date }} {{ prev_execution_date }} "
    "{{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%Y') }} {{ task_instance_key_str }} {{ var.value.get('x', 'y') }} "
    "{{ dag.dag_id }} {{ ti.task_id }} {{ dag_run.run_id }} {{ shout('a') }} {{ 'b' | double }} {{ test_mode }} "
    "{{ prev_start_date_success }}"
)


def check(line, **context):
    words = line.split()
    assert words[0] == context["ds"]
    assert words[6] == context["yesterday_ds"].replace("-", "")
    assert "A! bb False None" in line
    assert macros.datetime and macros.timedelta


with DAG(
    "v1_backfill_names",
    start_date=datetime(2020, 1, 1),
    schedule_interval="0 2 * * 1-5",
    user_defined_macros={"shout": lambda word: word.upper() + "!"},
    user_defined_filters={"double": lambda word: word * 2},
) as dag:
    BashOperator(task_id="bash", bash_command="echo '" + LINE + "'") >> PythonOperator(
        task_id="check", python_callable=check, op_kwargs={"line": LINE}, provide_context=True
    )
