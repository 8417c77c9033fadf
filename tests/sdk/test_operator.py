"""BaseOperator: subclasses, default arguments, what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import DAG, BaseOperator, BashOperator, EmptyOperator, PythonOperator, TaskGroup, TriggerRule
from scheduler.errors import BadDag, NaiveDate
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.task_arguments import ARGUMENTS, DEFAULTS, PLACING, TaskArguments


class Copy(BaseOperator):
    template_fields = ("source",)

    def __init__(self, source: str, *, mode: str = "fast", **kwargs):
        super().__init__(**kwargs)
        self.source = source
        self.mode = mode

    def execute(self, context):
        return f"{self.mode}:{self.source}"


class SlowCopy(Copy):
    """Passes on arguments that default_args may name too."""

    def __init__(self, **kwargs):
        super().__init__(mode="slow", retries=9, **kwargs)


def test_a_subclass_gets_what_its_init_names_from_default_args():
    with DAG("a", default_args={"mode": "careful", "retries": 4}):
        copy = Copy("x", task_id="copy")
    assert (copy.mode, copy.retries, copy.source) == ("careful", 4, "x")


def test_what_a_subclass_passes_on_wins_over_default_args():
    with DAG("a", default_args={"mode": "careful", "retries": 4}):
        copy = SlowCopy(source="x", task_id="copy")
    assert (copy.mode, copy.retries) == ("slow", 9)


def test_what_is_given_wins_over_group_over_dag():
    with DAG("a", default_args={"retries": 1, "pool": "p", "queue": "q"}):
        with TaskGroup("g", default_args={"retries": 2, "pool": "inner"}):
            inside = EmptyOperator(task_id="x", retries=3)
        outside = EmptyOperator(task_id="x", default_args={"queue": "own"})
    assert (inside.retries, inside.pool, inside.queue) == (3, "inner", "q")
    assert (outside.retries, outside.pool, outside.queue) == (1, "p", "own")


def test_default_args_that_no_operator_knows_are_ignored():
    with DAG("a", default_args={"email": "me@example.org", "dir": "/x", "task_id": "no"}):
        assert EmptyOperator(task_id="a").task_id == "a"


def test_an_unknown_argument_names_the_nearest_one_and_the_line():
    with (
        DAG("a"),
        pytest.raises(
            BadDag,
            match=r"test_operator\.py:\d+: BashOperator has no argument 'bash_comand'.*'bash_command'",
        ),
    ):
        BashOperator(task_id="a", bash_comand="ls", bash_command="ls")  # type: ignore[call-arg]  # the point


@pytest.mark.parametrize(
    "wrong",
    [
        {"retries": -1},
        {"retries": "3"},
        {"retries": True},
        {"retry_delay": "5 min"},
        {"retry_delay": timedelta(seconds=-1)},
        {"retry_exponential_backoff": 0.5},
        {"retry_jitter": 2},
        {"trigger_rule": "all_sucess"},
        {"weight_rule": "sideways"},
        {"pool_slots": 0},
        {"max_active_tis_per_dag": 0},
        {"on_failure_callback": "mail me"},
        {"execution_timeout": "long"},
        {"execution_timeout": 0},
        {"pool": ""},
        {"queue": None},
        {"params": ["a"]},
        {"depends_on_past": "yes"},
    ],
)
def test_a_wrong_value_is_refused_with_its_line(wrong):
    with DAG("a"), pytest.raises(BadDag, match=rf"test_operator\.py:\d+: {next(iter(wrong))}="):
        EmptyOperator(task_id="a", **wrong)


def test_a_wrong_value_in_default_args_is_refused_too():
    with DAG("a", default_args={"retries": "many"}), pytest.raises(BadDag, match="retries='many'"):
        EmptyOperator(task_id="a")


def test_a_misspelt_trigger_rule_names_the_nearest():
    with DAG("a"), pytest.raises(BadDag, match="did you mean 'all_success'"):
        EmptyOperator(task_id="a", trigger_rule="all_sucess")


def test_a_naive_date_on_a_task_is_refused():
    with DAG("a"), pytest.raises(NaiveDate):
        EmptyOperator(task_id="a", start_date=datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def test_all_settings_reach_the_spec():
    with DAG("a") as declared:
        EmptyOperator(
            task_id="a",
            retries=3,
            retry_delay=10,
            retry_exponential_backoff=True,
            max_retry_delay=timedelta(minutes=2),
            retry_jitter=0.2,
            execution_timeout=timedelta(seconds=90),
            trigger_rule=TriggerRule.ONE_FAILED,
            pool="db",
            pool_slots=2,
            queue="big",
            priority_weight=7,
            weight_rule="absolute",
            depends_on_past=True,
            wait_for_downstream=True,
            max_active_tis_per_dag=4,
            max_active_tis_per_dagrun=2,
            owner="ada",
            task_display_name="First",
            doc_md="*why*",
            on_failure_callback=print,
        )
    spec = to_spec(declared, "a.py").tasks[0]
    assert (spec.retries, spec.retry_delay_s, spec.retry_backoff, spec.max_retry_delay_s) == (
        3,
        10.0,
        2.0,
        120.0,
    )
    assert (spec.retry_jitter, spec.execution_timeout_s, spec.trigger_rule) == (0.2, 90.0, "one_failed")
    assert (spec.pool, spec.pool_slots, spec.queue, spec.priority_weight) == ("db", 2, "big", 7)
    assert (spec.weight_rule, spec.depends_on_past, spec.wait_for_downstream) == ("absolute", True, True)
    assert (spec.max_active_tis_per_dag, spec.max_active_tis_per_dagrun, spec.owner) == (4, 2, "ada")
    assert (spec.label, spec.doc_md, spec.has_failure_callback) == ("First", "*why*", True)


def test_backoff_may_be_a_factor():
    with DAG("a"):
        assert EmptyOperator(task_id="a", retry_exponential_backoff=3).retry_exponential_backoff == 3.0


def test_the_tables_of_arguments_agree():
    assert set(ARGUMENTS) | PLACING == TaskArguments.__optional_keys__
    attributes = BaseOperator(task_id="a")
    assert all(hasattr(attributes, name) for name in set(DEFAULTS) - {"pre_execute", "post_execute"})


def test_the_result_of_a_task_in_a_template_field_makes_an_arrow():
    with DAG("a"):
        first = EmptyOperator(task_id="first")
        copy = Copy(first.output, task_id="copy")
        deep = PythonOperator(
            task_id="deep", python_callable=print, op_kwargs={"x": [{"y": copy.output["k"]}]}
        )
    assert copy.upstream_task_ids == {"first"}
    assert deep.upstream_task_ids == {"copy"}


def test_a_template_field_that_init_does_not_set_is_refused():
    class Forgetful(BaseOperator):
        template_fields = ("command",)

    with DAG("a"), pytest.raises(BadDag, match="names 'command' in template_fields"):
        Forgetful(task_id="a")


def test_a_task_may_be_made_outside_any_dag_and_join_later():
    alone = Copy("x", task_id="alone")
    assert alone.execute({}) == "fast:x"
    with DAG("a") as declared:
        EmptyOperator(task_id="first") >> alone
    assert alone.dag is declared
    assert alone.upstream_task_ids == {"first"}


def test_a_dag_may_be_given_as_an_argument():
    declared = DAG("a", default_args={"retries": 2})
    task = EmptyOperator(task_id="a", dag=declared)
    assert (declared.tasks, task.retries) == ([task], 2)


def test_start_date_of_a_task_is_kept_aware():
    with DAG("a"):
        assert EmptyOperator(task_id="a", start_date="2026-01-01T00:00:00+00:00").start_date == datetime(
            2026, 1, 1, tzinfo=UTC
        )


def test_an_operator_that_forgets_its_base_is_told_so():
    class Forgetful(BaseOperator):
        def __init__(self, **kwargs):
            self.kwargs = kwargs

    with DAG("a"), pytest.raises(BadDag, match=r"Forgetful.__init__ does not call super\(\).__init__"):
        Forgetful(task_id="a")
