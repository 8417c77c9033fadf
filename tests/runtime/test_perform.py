"""One attempt: how it ends, what it passes on, who is told."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler import (
    DAG,
    BaseOperator,
    BashOperator,
    Connection,
    DataInterval,
    FailTask,
    Param,
    PythonOperator,
    RescheduleTask,
    SkipTask,
    Timetable,
    Variable,
    get_current_context,
    publish_artifact,
    task,
)
from scheduler.sdk.context import CONTEXT_NAMES
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import NOW, attempt


@pytest.fixture
def dag():
    with DAG("d", params={"region": "eu"}) as declared:
        yield declared


def calls(function, **settings):
    return PythonOperator(task_id="a", python_callable=function, **settings)


def raising(error):
    def fail(*_):
        raise error

    return fail


def test_a_return_value_travels_with_the_outcome(dag):
    calls(lambda: {"when": NOW})
    outcome = attempt(dag)
    assert (outcome.state, outcome.attempt_id, outcome.epoch) == ("success", 7, 2)
    assert outcome.xcoms == {"return_value": {"when": {"__type__": "datetime", "value": NOW.isoformat()}}}
    assert outcome.started_at == outcome.ended_at == NOW.isoformat()


def test_nothing_is_passed_on_for_none_or_where_the_author_said_so(dag):
    calls(lambda: None)
    PythonOperator(task_id="b", python_callable=lambda: 1, do_xcom_push=False)
    assert attempt(dag).xcoms == {}
    assert attempt(dag, task_id="b").xcoms == {}


def test_multiple_outputs_are_kept_each_under_its_key(dag):
    calls(lambda: {"one": 1, "two": 2}, multiple_outputs=True)
    assert attempt(dag).xcoms == {"one": 1, "two": 2, "return_value": {"one": 1, "two": 2}}


def test_an_error_is_told_with_its_place_and_may_be_retried(dag):
    calls(raising(KeyError("currency")))
    outcome = attempt(dag)
    assert (outcome.state, outcome.retryable) == ("failed", True)
    assert outcome.error is not None
    assert outcome.error.type == "KeyError"
    assert outcome.error.line.startswith("KeyError: 'currency' (")
    assert outcome.error.line.split("(")[1].startswith("dags/test_perform.py:")
    assert outcome.error.traceback.startswith("Traceback")
    assert "scheduler/runtime" not in outcome.error.traceback
    assert 'File "dags/test_perform.py", line' in outcome.error.traceback


def test_a_task_may_skip_itself_with_a_reason(dag):
    calls(raising(SkipTask("no new files")))
    outcome = attempt(dag)
    assert (outcome.state, outcome.reason, outcome.error) == ("skipped", "no new files", None)


def test_a_task_may_fail_without_retry(dag):
    calls(raising(FailTask("wrong password")))
    outcome = attempt(dag)
    assert (outcome.state, outcome.retryable) == ("failed", False)


def test_a_task_may_ask_to_be_called_again(dag):
    later = NOW + timedelta(minutes=5)
    calls(raising(RescheduleTask(later)))
    outcome = attempt(dag)
    assert (outcome.state, outcome.reschedule_at) == ("reschedule", later.isoformat())


@pytest.mark.parametrize(
    ("code", "state"), [(0, "success"), (None, "success"), (3, "failed"), ("bye", "failed")]
)
def test_sys_exit_is_judged_by_its_code(dag, code, state):
    calls(lambda: sys.exit(code))
    assert attempt(dag).state == state


def test_a_time_limit_ends_the_attempt_even_where_exceptions_are_caught(dag):
    def deaf():
        try:
            threading.Event().wait(60)
        except Exception:  # noqa: BLE001 - the point
            return "caught"

    calls(deaf, execution_timeout=timedelta(seconds=0.05))
    outcome = attempt(dag)
    assert (outcome.state, outcome.reason, outcome.retryable) == ("failed", "ran longer than 0.05 s", True)


def test_a_time_limit_of_the_job_goes_before_that_of_the_task(dag):
    calls(lambda: threading.Event().wait(60), execution_timeout=timedelta(hours=1))
    assert attempt(dag, execution_timeout_s=0.05).reason == "ran longer than 0.05 s"


def test_a_task_that_timed_out_is_told_to_clean_up(dag):
    class Waits(BaseOperator):
        template_fields = ()
        killed: list[str] = []  # noqa: RUF012 - shared on purpose

        def execute(self, context):
            threading.Event().wait(60)

        def on_kill(self):
            self.killed.append(self.task_id)

    Waits(task_id="a", execution_timeout=0.05)
    attempt(dag)
    assert Waits.killed == ["a"]


def test_sigterm_cancels_and_cleans_up(dag):
    def stop():
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(60)

    heard: list[Any] = []
    calls(stop, on_failure_callback=heard.append)
    outcome = attempt(dag)
    assert (outcome.state, heard) == ("cancelled", [])
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_cannot_be_passed_on_fails_the_attempt_with_a_remedy(dag):
    calls(object)
    outcome = attempt(dag)
    assert outcome.error is not None
    assert outcome.error.line.startswith(
        "NotSerializable: The return value of task 'a' is of the type object."
    )


def told(**settings):
    heard: list[Any] = []
    kinds = ("execute", "success", "failure", "retry", "skipped")
    callbacks = {
        f"on_{kind}_callback": lambda context, kind=kind: heard.append((kind, context["ti"].state))
        for kind in kinds
    }
    return heard, {**callbacks, **settings}


@pytest.mark.parametrize(
    ("function", "max_tries", "expected"),
    [
        (lambda: 1, 1, ("success", "success")),
        (raising(ValueError()), 1, ("failure", "failed")),
        (raising(ValueError()), 2, ("retry", "up_for_retry")),
        (raising(FailTask()), 2, ("failure", "failed")),
        (raising(SkipTask()), 2, ("skipped", "skipped")),
    ],
)
def test_who_is_told_depends_on_how_it_ended(dag, function, max_tries, expected):
    heard, callbacks = told()
    calls(function, **callbacks)
    attempt(dag, try_number=1, max_tries=max_tries)
    assert heard == [("execute", "running"), expected]


def test_a_callback_sees_the_error_and_its_words(dag):
    heard: list[Any] = []
    error = ValueError("no rows")
    calls(raising(error), on_failure_callback=[heard.append])
    attempt(dag)
    assert heard[0]["exception"] is error
    assert heard[0]["reason"].startswith("ValueError: no rows")


def test_a_callback_that_fails_is_logged_and_changes_nothing(dag, caplog):
    heard: list[Any] = []
    calls(lambda: 1, on_success_callback=[raising(RuntimeError("mail is down")), heard.append])
    assert attempt(dag).state == "success"
    assert len(heard) == 1
    assert "on_success_callback fail failed." in caplog.text


def test_callbacks_of_a_dag_and_of_a_lost_task_run_as_attempts(dag):
    heard: list[Any] = []
    calls(
        lambda: 1,
        on_failure_callback=lambda context: heard.append((context["ti"].task_id, context["reason"])),
    )
    dag.on_failure_callback = (lambda context: heard.append((context["run_id"], context["reason"])),)
    lost = attempt(dag, kind="task_callback", callback="failure", reason="its worker died")
    failed = attempt(dag, task_id="", kind="dag_callback", callback="failure", reason="failed: a")
    assert (lost.state, failed.state) == ("success", "success")
    assert heard == [("a", "its worker died"), (f"manual__{NOW.isoformat()}", "failed: a")]


def test_a_callback_attempt_whose_callback_fails_has_failed(dag):
    dag.on_success_callback = (raising(RuntimeError("mail is down")),)
    outcome = attempt(dag, task_id="", kind="dag_callback", callback="success")
    assert outcome.state == "failed"
    assert outcome.reason.startswith("RuntimeError: mail is down")


def test_templates_are_rendered_with_the_names_of_airflow(dag):
    BashOperator(
        task_id="a",
        bash_command="echo {{ ds }} {{ ds_nodash }} {{ ts }} {{ params.region }} {{ run_id }} "
        "{{ ti.task_id }} {{ macros.ds_add(ds, 1) }} {{ var.value.city }} {{ var.json.limits.low }} "
        "{{ conn.shop.host }} "
        "{{ dag.dag_id }} {{ data_interval_start | ds }} {{ var.value.get('none', 'nothing') }} "
        "{{ dag_run.conf['k'] }}",
    )
    connection = Connection("shop", host="db.example.org", password="secret")
    channel = LocalChannel("d", {"city": "Oslo", "limits": '{"low": 3}'}, {"shop": connection})
    outcome = attempt(dag, channel, params={"region": "us"}, conf={"k": "v"})
    assert outcome.xcoms["return_value"] == (
        f"2026-11-21 20261121 {NOW.isoformat()} us manual__{NOW.isoformat()} a "
        "2026-11-22 Oslo 3 db.example.org d 2026-11-21 nothing v"
    )
    assert channel.rendered["a"]["bash_command"].startswith("echo 2026-11-21 20261121")


def test_what_a_conf_holds_is_rendered_once_as_data(dag):
    BashOperator(task_id="a", bash_command='echo "$ANIMAL"', env={"ANIMAL": "{{ dag_run.conf.animal }}"})
    text = "{{ 7 * 7 }} {% for each in ''.__class__.__mro__ %}x{% endfor %} $(id) `id`; id"
    assert attempt(dag, conf={"animal": text}).xcoms["return_value"] == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ ds", "unexpected end of template"),
        ("{{ params.nope }}", "has no attribute 'nope'"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("missing.sh", "no template file 'missing.sh'"),
        ("{{ var.value.absent }}", "There is no variable 'absent'"),
    ],
)
def test_a_template_that_fails_names_its_field_and_cause(dag, template, said):
    BashOperator(task_id="a", bash_command=template)
    outcome = attempt(dag)
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert said in outcome.error.message
    assert outcome.error.type in ("TemplateFailed", "NotFound")


def test_the_result_of_another_task_is_fetched_and_indexed(dag):
    @task
    def rows():
        return {"list": [1, 2], "__type__": "mine"}

    @task(task_id="a")
    def take(whole, part, last, inside):
        return [whole, part, last, inside]

    result = rows()
    take(result, result["list"], result["list"][-1], {"x": [result["list"][0]]})
    upstream = {"rows": attempt(dag, task_id="rows").xcoms["return_value"]}
    assert attempt(dag, xcoms=upstream).xcoms["return_value"][1:] == [[1, 2], 2, {"x": [1]}]


def test_an_operators_own_key_is_found_by_indexing_its_output(dag):
    first = BashOperator(task_id="first", bash_command="true")
    calls(lambda x: x, op_args=[first.output["rows"]])
    channel = LocalChannel("d", {}, {})
    channel.xcoms["first", "rows", ""] = 5
    assert attempt(dag, channel).xcoms["return_value"] == 5


def test_a_part_that_a_result_does_not_have_is_named(dag):
    first = BashOperator(task_id="first", bash_command="true")
    calls(lambda x: x, op_args=[first.output["rows"]])
    outcome = attempt(dag, xcoms={"first": {"lines": 1}})
    assert outcome.error is not None
    assert "The result of task 'first' has no 'rows'; it has 'lines'." in outcome.error.message


def test_a_function_receives_what_it_names_of_the_context(dag):
    def wants(given, ds, ti=None, params=None, reason="kept", **others):
        return [given, ds, ti.try_number, params["region"], reason, "run_id" in others]

    calls(wants, op_kwargs={"given": 1})
    assert attempt(dag, try_number=2).xcoms["return_value"][:4] == [1, "2026-11-21", 2, "eu"]


def test_running_code_reaches_values_variables_and_artifacts_from_its_threads_too(dag):
    def reach(ti):
        ti.xcom_push("side", {1, 2})
        Variable.set("seen", Variable.get("city").upper())
        publish_artifact("report.html", "<p>hi</p>")
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: get_current_context()["run_id"]).result()

    calls(reach)
    channel = LocalChannel("d", {"city": "Oslo"}, {})
    assert attempt(dag, channel).xcoms["return_value"] == f"manual__{NOW.isoformat()}"
    assert channel.xcoms["a", "side", ""] == {"__type__": "set", "value": [1, 2]}
    assert channel.variables["seen"] == "OSLO"
    published = channel.artifacts["a", "report.html"]
    assert (published.media_type, published.data) == ("text/html", b"<p>hi</p>")


def test_native_rendering_keeps_types(dag):
    calls(lambda x: x, op_args=["{{ [1, params.region] }}"], render_template_as_native_obj=True)
    assert attempt(dag).xcoms["return_value"] == [1, "eu"]


def test_a_coroutine_runs_to_its_end(dag):
    async def soon():
        return 3

    calls(soon)
    # In a thread of its own, as a task has its main one: behind Playwright a loop runs in that of the tests.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(attempt, dag).result().xcoms["return_value"] == 3


def test_a_rendered_task_is_a_copy_so_that_the_next_attempt_renders_anew(dag):
    operator = BashOperator(task_id="a", bash_command="echo {{ ti.try_number }}")
    assert attempt(dag, try_number=1).xcoms["return_value"] == "1"
    assert attempt(dag, try_number=2).xcoms["return_value"] == "2"
    assert operator.bash_command == "echo {{ ti.try_number }}"


def test_params_of_a_task_go_before_the_defaults_and_conf_before_both(dag):
    calls(lambda params: dict(params), params={"region": Param("asia"), "size": 3})
    assert attempt(dag).xcoms["return_value"] == {"region": "asia", "size": 3}
    run: dict[str, Any] = {"conf": {"size": 9, "stray": 1}, "params": {"region": "eu", "size": 9}}
    assert attempt(dag, **run).xcoms["return_value"] == {"region": "asia", "size": 9}


def test_every_name_of_the_context_is_known_and_the_other_way_round(dag):
    calls(lambda **context: sorted(context))
    outcome = attempt(dag)
    assert set(outcome.xcoms["return_value"]) | {"exception"} == CONTEXT_NAMES


class Looked(LocalChannel):
    """Knows a run before, and counts how often it was asked."""

    asked = 0

    def previous_success(self):
        self.asked += 1
        return {"data_interval_start": NOW.isoformat(), "end_date": None}


def test_what_is_asked_of_the_server_is_asked_when_it_is_used(dag):
    def find(**context):
        since = context["prev_data_interval_start_success"]
        ended = context["prev_end_date_success"]
        return [str(since + timedelta(days=1)), isinstance(since, datetime), since == NOW, bool(ended)]

    calls(find)
    channel = Looked("d", {}, {})
    assert attempt(dag, channel).xcoms["return_value"] == [str(NOW + timedelta(days=1)), True, True, False]
    assert channel.asked == 2

    dag.task_dict.pop("a")
    calls(lambda prev_end_date_success, expanded_ti_count=5: [prev_end_date_success, expanded_ti_count])
    assert attempt(dag, channel).xcoms["return_value"] == [None, 5]
    assert channel.asked == 3

    dag.task_dict.pop("a")
    calls(lambda **context: None)
    assert attempt(dag, channel).xcoms == {}
    assert channel.asked == 3


def test_templates_know_the_last_run_that_ended_well(dag):
    BashOperator(
        task_id="a", bash_command="echo {{ prev_data_interval_start_success }} {{ task_reschedule_count }}"
    )
    assert attempt(dag, Looked("d", {}, {})).xcoms["return_value"] == f"{NOW} 0"


def test_a_callback_that_exits_changes_nothing(dag):
    calls(lambda: 1, on_success_callback=raising(SystemExit(3)))
    assert attempt(dag).state == "success"


class Yesterday(Timetable):
    """A timetable with a say in runs by hand."""

    def __init__(self, is_well=True):
        self.is_well = is_well

    def infer_manual_data_interval(self, *, run_after):
        if not self.is_well:
            raise LookupError("no calendar")
        return DataInterval(run_after - timedelta(days=1), run_after)


def test_a_timetable_of_its_own_says_what_a_run_by_hand_is_about():
    with DAG("d", schedule=Yesterday()) as dag:
        calls(lambda data_interval_start, data_interval_end: (data_interval_end - data_interval_start).days)
    assert attempt(dag).xcoms["return_value"] == 1


def test_a_timetable_that_raises_fails_the_attempts_of_runs_by_hand():
    with DAG("d", schedule=Yesterday(is_well=False)) as dag:
        calls(lambda: 1)
    outcome = attempt(dag)
    assert (outcome.state, outcome.error.type) == ("failed", "LookupError")
