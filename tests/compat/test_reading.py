"""Arguments, schedules and dates of old: what they become, and what is said of them."""

from __future__ import annotations

import pytest

from scheduler.errors import BadDag, BadSchedule

HEAD = """\
from datetime import datetime, timedelta
from airflow import DAG
from airflow.operators.empty import EmptyOperator
"""


@pytest.mark.parametrize(
    ("argument", "kind", "cron", "delta"),
    [
        ("schedule_interval='0 6 * * *'", "cron_interval", "0 6 * * *", None),
        ("schedule_interval='@daily'", "cron_interval", "@daily", None),
        ("schedule_interval=timedelta(hours=2)", "delta_interval", None, 7200),
        ("schedule_interval=None", "none", None, None),
        ("schedule_interval='@once'", "once", None, None),
        ("schedule='0 6 * * *'", "cron", "0 6 * * *", None),
        ("schedule=timedelta(hours=2)", "delta", None, 7200),
        ("schedule=relativedelta(months=+3)", "cron", "30 6 5 2,5,8,11 *", None),
        ("schedule_interval=relativedelta(years=1)", "cron_interval", "30 6 5 2 *", None),
        ("schedule_interval=relativedelta(days=2)", "delta_interval", None, 172800),
        ("timetable=CronDataIntervalTimetable('0 1 * * *', 'UTC')", "cron_interval", "0 1 * * *", None),
    ],
)
def test_a_schedule_keeps_the_meaning_of_its_word(load, argument, kind, cron, delta):
    spec = load(
        f"""\
        from datetime import datetime, timedelta
        from airflow import DAG
        from airflow.timetables.interval import CronDataIntervalTimetable
        from dateutil.relativedelta import relativedelta
        DAG("orders", start_date=datetime(2020, 2, 5, 6, 30), {argument})
        """
    ).spec
    assert (spec.schedule.kind, spec.schedule.cron, spec.schedule.delta_s) == (kind, cron, delta)


def test_an_ambiguous_schedule_is_told_with_both_meanings(load):
    loaded = load(HEAD + "DAG('orders', schedule='@daily')")
    assert (loaded.spec.schedule.kind, loaded.spec.schedule.meaning) == ("cron", "unsure")
    assert len(loaded.said) == 1
    assert loaded.said[0].startswith("4: schedule: '@daily' may be read as Airflow 3 does")
    assert "airflow_schedule" in loaded.said[0]


@pytest.mark.parametrize(("meaning", "kind"), [("interval", "cron_interval"), ("trigger", "cron")])
def test_a_setting_answers_for_all_ambiguous_schedules(load, monkeypatch, meaning, kind):
    monkeypatch.setenv("DIRIGENT_AIRFLOW_SCHEDULE", meaning)
    loaded = load(HEAD + "DAG('orders', schedule='@daily')")
    assert (loaded.spec.schedule.kind, loaded.spec.schedule.meaning) == (kind, None)
    assert loaded.said == []


def test_a_schedule_beside_airflow_sdk_is_not_ambiguous(load, monkeypatch):
    monkeypatch.setenv("DIRIGENT_AIRFLOW_SCHEDULE", "interval")
    loaded = load("from airflow.sdk import DAG\nDAG('orders', schedule='@daily')")
    assert loaded.spec.schedule.kind == "cron"
    assert loaded.said == []


def test_a_relativedelta_that_no_cron_can_say_is_refused(load):
    with pytest.raises(BadSchedule, match="no regular cron expression"):
        load(
            HEAD + "from dateutil.relativedelta import relativedelta\n"
            "DAG('orders', start_date=datetime(2020, 1, 31), schedule_interval=relativedelta(months=1))"
        )


def test_each_old_argument_is_told_once_with_line_and_new_form(load):
    loaded = load(
        HEAD + "with DAG('orders', start_date=datetime(2020, 1, 1), concurrency=3, default_view='tree',\n"
        "         orientation='LR', sla_miss_callback=print, max_active_runs=2) as dag:\n"
        "    for name in 'ab':\n"
        "        EmptyOperator(task_id=name, task_concurrency=1, sla=timedelta(1), email_on_retry=True,\n"
        "                      provide_context=True, pool=None)\n"
    )
    assert loaded.spec.max_active_tasks == 3
    assert loaded.spec.tasks[0].max_active_tis_per_dag == 1
    assert loaded.spec.start_date == "2020-01-01T00:00:00+00:00"
    names = [each.split(": ")[1] for each in loaded.said]
    assert names == [
        *("concurrency", "default_view", "orientation", "sla_miss_callback", "start_date"),
        *("task_concurrency", "sla", "email_on_retry", "provide_context"),
    ]
    assert loaded.said[0] == "4: concurrency: write max_active_tasks=3"
    assert "2020-01-01 00:00:00 has no time zone and is taken as UTC" in loaded.said[4]


def test_an_argument_that_airflow_does_not_know_either_is_refused(load):
    with pytest.raises(BadDag, match=r"EmptyOperator has no argument 'retrys'\. Did you mean 'retries'"):
        load(HEAD + "with DAG('orders'):\n    EmptyOperator(task_id='a', retrys=1)")


def test_default_args_may_hold_anything(load):
    loaded = load(
        HEAD + "with DAG('orders', default_args={'dir': 1, 'retries': 2, 'queue': None, 'sla': 3,\n"
        "    'trigger_rule': 'dummy'}):\n    EmptyOperator(task_id='a')"
    )
    (task,) = loaded.spec.tasks
    assert (task.retries, task.queue, task.trigger_rule) == (2, "default", "always")


def test_a_file_of_dirigents_own_is_read_strictly_after_one_of_airflows(load):
    load(HEAD + "DAG('old', concurrency=3)", name="old")
    with pytest.raises(BadDag, match="no argument 'concurrency'"):
        load("from scheduler import DAG\nDAG('new', concurrency=3)", name="new")


@pytest.mark.parametrize(
    ("imports", "printed"),
    [
        ("from airflow.sdk import DAG, task", "orders say"),
        ("from scheduler import DAG, task", "{{ dag.dag_id }} {{ ti.task_id }}"),
    ],
    ids=["airflow", "dirigent"],
)
def test_what_a_bash_function_returns_is_a_template_in_files_for_airflow_alone(load, imports, printed):
    text = f"""
        {imports}
        with DAG("orders", schedule=None):
            @task.bash
            def say():
                return "echo '{{{{ dag.dag_id }}}} {{{{ ti.task_id }}}}'"

            say()
    """
    assert load(text).dag.test().xcoms["say"] == printed
