"""Notifiers: callbacks whose templates are rendered, each time anew."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler import DAG, BaseNotifier, PythonOperator
from scheduler.errors import TemplateFailed

SENT: list[Any] = []


@pytest.fixture(autouse=True)
def silence():
    SENT.clear()


class Tell(BaseNotifier):
    """Keeps what it was told."""

    template_fields = ("text", "parts")

    def __init__(self, text, parts=()):
        super().__init__()
        self.text = text
        self.parts = parts

    def notify(self, context):
        SENT.append((self.text, list(self.parts)))


class TellLater(BaseNotifier):
    """Does so as a coroutine."""

    async def async_notify(self, context):
        SENT.append(context["dag"].dag_id)


def test_templates_are_rendered_for_tasks_and_for_the_run_each_time_anew():
    tell = Tell("{{ dag.dag_id }} {{ ti.task_id if ti is defined else 'whole' }}", ["{{ run_id[:6] }}"])
    with DAG("d", on_success_callback=tell) as dag:
        for name in ("a", "b"):
            PythonOperator(task_id=name, python_callable=print, on_success_callback=tell)
    dag.test()
    assert sorted(SENT) == [("d a", ["manual"]), ("d b", ["manual"]), ("d whole", ["manual"])]
    assert tell.text.startswith("{{")


def test_a_notifier_may_be_a_coroutine():
    with DAG("d", on_success_callback=[TellLater()]) as dag:
        PythonOperator(task_id="a", python_callable=print)
    dag.test()
    assert SENT == ["d"]


def test_a_bad_template_and_a_class_without_notify_are_told_of():
    with DAG("d") as dag:
        with pytest.raises(TemplateFailed, match="Template field 'text' of task 'Tell'"):
            Tell("{{ broken")({"dag": dag})
        with pytest.raises(NotImplementedError, match="BaseNotifier has no notify"):
            BaseNotifier()({"dag": dag})
