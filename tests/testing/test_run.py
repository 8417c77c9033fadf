"""`dag.test()`: a whole run in this process."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest

from scheduler import (
    DAG,
    Connection,
    EmptyOperator,
    FailTask,
    Param,
    RescheduleTask,
    Variable,
    publish_artifact,
    task,
)
from scheduler.clock import SystemClock
from scheduler.errors import BadConf, BadParams, DagCycle, NaiveDate


@task
def fails():
    raise FailTask("on purpose")


def test_values_flow_and_the_result_tells_all():
    @task
    def start(day):
        publish_artifact("note.txt", f"ran for {day}")
        Variable.set("seen", day)
        return {1, 2}

    @task
    def count(values):
        return len(values)

    with DAG("d") as dag:
        count(start("{{ ds }}"))
    result = dag.test(logical_date=datetime(2026, 2, 3, tzinfo=UTC), variables={"old": "1"})
    assert result.is_success
    assert result.xcoms == {"start": {1, 2}, "count": 2}
    assert result.run_id == "manual__2026-02-03T00:00:00+00:00"
    assert result.rendered["start"] == {"op_kwargs": {"day": "2026-02-03"}}
    assert [(each.task_id, each.name, each.data) for each in result.artifacts] == [
        ("start", "note.txt", b"ran for 2026-02-03")
    ]
    assert result.variables == {"old": "1", "seen": "2026-02-03"}


def test_a_failure_stops_what_follows_but_not_the_neighbours():
    with DAG("d") as dag:
        fails() >> EmptyOperator(task_id="after") >> EmptyOperator(task_id="last")
        EmptyOperator(task_id="beside")
    result = dag.test()
    assert result.state == "failed"
    assert result.task_states == {
        "fails": "failed",
        "after": "upstream_failed",
        "last": "upstream_failed",
        "beside": "success",
    }
    assert result.errors["fails"].line.startswith("FailTask: on purpose (dags/test_run.py:")
    assert result.tries["after"] == 0


def test_trigger_rules_are_those_of_the_scheduler():
    with DAG("d") as dag:
        bad = fails()
        good = EmptyOperator(task_id="good")
        for rule in ("all_done", "one_failed", "none_failed", "all_failed", "one_success", "always"):
            [bad, good] >> EmptyOperator(task_id=rule, trigger_rule=rule)
    states = dag.test().task_states
    assert {rule for rule, state in states.items() if state == "success"} == {
        "good", "all_done", "one_failed", "one_success", "always",
    }  # fmt: skip


def test_retries_are_made_without_waiting():
    @task(retries=2, retry_delay=3600)
    def flaky(ti=None):
        if ti.try_number < 3:
            raise OSError("not yet")
        return ti.try_number

    with DAG("d") as dag:
        flaky()
    result = dag.test()
    assert (result.xcoms["flaky"], result.tries["flaky"], result.errors) == (3, 3, {})


def test_a_task_that_asks_to_be_called_again_is_called_until_it_is_content():
    calls = []

    @task
    def sensor():
        calls.append(1)
        if len(calls) < 3:
            raise RescheduleTask(datetime(2030, 1, 1, tzinfo=UTC))

    with DAG("d") as dag:
        sensor()
    assert dag.test().is_success
    assert len(calls) == 3


def test_conf_overrides_params_and_is_held_against_the_schema():
    @task
    def show(params=None):
        return params["n"]

    with DAG("d", params={"n": Param(3, type="integer", minimum=1), "must": Param(type="string")}) as dag:
        show()
    assert dag.test(run_conf={"n": 5, "must": "x"}).xcoms["show"] == 5
    with pytest.raises(BadParams, match="n: 0 is less than the minimum of 1; must must be given"):
        dag.test(run_conf={"n": 0})


def test_conf_is_data_and_never_becomes_an_object():
    @task
    def show(dag_run=None, params=None):
        return [type(dag_run.conf["x"]).__name__, type(params["x"]).__name__]

    with DAG("d") as dag:
        show()
    tagged = {"__type__": "enum", "value": ["antigravity:x", "y"]}
    assert dag.test(run_conf={"x": tagged}).xcoms["show"] == ["dict", "dict"]
    with pytest.raises(BadConf, match="must be JSON"):
        dag.test(run_conf={"x": object()})


def test_callbacks_of_the_dag_are_called():
    heard = []
    with DAG("good", on_success_callback=lambda context: heard.append(context["run_id"])) as good:
        EmptyOperator(task_id="a")
    with DAG("bad", on_failure_callback=lambda context: heard.append(context["reason"])) as bad:
        fails()
    assert good.test().run_id == heard[0]
    bad.test()
    assert heard[1] == "failed: fails"


def test_a_failed_run_names_the_task_that_failed_not_what_could_not_run_after_it():
    with DAG("d") as dag:
        fails() >> EmptyOperator(task_id="after")
    assert dag.test().reason == "failed: fails"


def test_connections_may_be_given_as_objects_dicts_or_texts():
    @task
    def read():
        return [Connection.get("one").get_uri(), Connection.get("two").port, Connection.get("three").host]

    with DAG("d") as dag:
        read()
    one = Connection(
        "one", conn_type="postgres", host="db", port=5432, login="ada", password="a/b", schema="shop"
    )
    result = dag.test(
        connections={"one": one, "two": {"conn_type": "http", "port": 80}, "three": "http://shop:81/"}
    )
    assert result.xcoms["read"] == ["postgres://ada:a%2Fb@db:5432/shop", 80, "shop"]


def test_an_empty_dag_succeeds():
    assert DAG("d").test().is_success


def test_a_cycle_and_a_naive_date_are_refused_before_anything_runs():
    with DAG("d") as dag:
        a = EmptyOperator(task_id="a")
        a >> a
    with pytest.raises(DagCycle):
        dag.test()
    with pytest.raises(NaiveDate):
        DAG("e").test(logical_date=datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def test_the_default_logical_date_is_now():
    @task
    def when(logical_date=None):
        return logical_date

    before = SystemClock().now()
    with DAG("d") as dag:
        when()
    assert before <= dag.test().xcoms["when"] <= SystemClock().now()


def test_a_dag_file_may_be_run_as_a_script(tmp_path):
    source = """
        from scheduler import DAG, task, Variable

        @task
        def shout(word):
            print("printed", word)
            return word.upper()

        with DAG("script", tags=[Variable.get("tag")]) as dag:
            shout("hello")

        if __name__ == "__main__":
            assert dag.test().xcoms == {"shout": "HELLO"}
    """
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(source))
    environment = {"PYTHONPATH": ":".join(sys.path), "DIRIGENT_VAR_TAG": "from-env"}
    run = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "printed hello" in run.stdout
    assert "shout: success" in run.stdout
    assert "DAG script: success in" in run.stdout


def test_instances_of_mapped_tasks_know_how_many_they_are():
    with DAG("d") as dag:

        @task
        def counted(n: int, expanded_ti_count: int | None = None) -> int:
            return 10 * n + (expanded_ti_count or 0)

        counted.expand(n=[1, 2, 3])
    assert dag.test().xcom("counted") == [13, 23, 33]
