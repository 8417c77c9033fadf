"""3.x: airflow.sdk and the standard provider."""

from datetime import datetime, timezone

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.utils.weekday import WeekDay
from airflow.sdk import (
    DAG,
    BaseHook,
    BaseOperator,
    Context,
    Label,
    Param,
    TaskGroup,
    TriggerRule,
    Variable,
    chain,
    get_current_context,
    literal,
    task,
)


class Greets(BaseOperator):
    template_fields = ("name",)

    def __init__(self, name: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.name = name

    def execute(self, context: Context) -> str:
        assert get_current_context()["ti"].task_id == self.task_id
        return f"hello {self.name}"


@task(trigger_rule=TriggerRule.ALL_DONE)
def last(words, *, logical_date=None, run_id=None):
    assert words == "hello v3_sdk"
    assert run_id


with DAG(
    "v3_sdk",
    schedule="@daily",
    start_date=datetime(2025, 1, 1, tzinfo=timezone.utc),  # noqa: UP017
    params={"word": Param("x", type="string")},
    fail_fast=False,
) as dag:
    greets = Greets(task_id="greets", name="{{ dag.dag_id }}")
    with TaskGroup("group") as group:
        BashOperator(task_id="bash", bash_command=literal("echo '{{ not rendered }}'"))
        PythonOperator(
            task_id="python", python_callable=lambda word: word, op_kwargs={"word": "{{ params.word }}"}
        )
    greets >> Label("then") >> group
    chain(greets, group)
    group >> last(greets.output) >> EmptyOperator(task_id="end")

assert WeekDay.FRIDAY == 5
assert Variable.get("compat_absent", default="d") == "d"
assert BaseHook
