"""2.x: a notifier of one's own, a plugin class, a listener, Stats."""

from datetime import datetime

from airflow import DAG
from airflow.listeners import hookimpl
from airflow.notifications.basenotifier import BaseNotifier
from airflow.operators.python import PythonOperator
from airflow.plugins_manager import AirflowPlugin
from airflow.stats import Stats

sent = []


class Slacks(BaseNotifier):
    template_fields = ("message",)

    def __init__(self, message):
        super().__init__()
        self.message = message

    def notify(self, context):
        sent.append(self.message)


class Mine(AirflowPlugin):
    name = "mine"
    macros = [len]


@hookimpl
def on_task_instance_running(previous_state, task_instance):
    raise AssertionError("never called")


def check():
    Stats.incr("checks")
    assert sent == ["first of v2_notifier_and_listener"]


with DAG("v2_notifier_and_listener", start_date=datetime(2021, 1, 1), schedule="@once") as dag:
    first = PythonOperator(
        task_id="first", python_callable=print, on_success_callback=Slacks(message="first of {{ dag.dag_id }}")
    )
    first >> PythonOperator(task_id="check", python_callable=check)
