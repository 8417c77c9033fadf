"""DAGs: what they accept, and how they refuse what cannot work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduler import DAG, EmptyOperator, Param, TaskGroup, dag, task
from scheduler.errors import BadDag, BadId, BadSchedule, DagCycle, DuplicateTask, NaiveDate
from scheduler.sdk.serialize import to_spec

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("bad", ["", "a/b", "..", ".hidden", "two words", "x" * 251, "\N{ROCKET}", "ä", 7])
def test_an_id_that_could_harm_is_refused(bad):
    with pytest.raises(BadId):
        DAG(bad)


def test_the_longest_id_is_accepted():
    assert DAG("x" * 250).dag_id == "x" * 250


def test_an_unknown_argument_names_the_nearest_one_and_the_line():
    with pytest.raises(
        BadDag, match=r"test_dag\.py:\d+: DAG has no argument 'schedul'. Did you mean 'schedule'?"
    ):
        DAG("orders", schedul="@daily")  # type: ignore[call-arg]  # the point


def test_a_naive_start_date_is_refused_with_its_line():
    with pytest.raises(NaiveDate, match=r"test_dag\.py:\d+: start_date=.* has no time zone"):
        DAG("orders", start_date=datetime(2026, 1, 1))  # noqa: DTZ001 - the point


def test_a_naive_start_date_in_default_args_is_refused_too():
    with pytest.raises(NaiveDate):
        DAG("orders", default_args={"start_date": datetime(2026, 1, 1)})  # noqa: DTZ001 - the point


def test_an_end_before_the_start_is_refused():
    with pytest.raises(BadDag, match="is before start_date"):
        DAG("orders", start_date=START, end_date=START - timedelta(days=1))


@pytest.mark.parametrize("declare", [DAG, lambda dag_id, **given: TaskGroup("g", dag=DAG(dag_id), **given)])
def test_default_args_that_are_no_dict_are_refused(declare):
    with pytest.raises(BadDag, match="default_args=3: give a dict of arguments"):
        declare("orders", default_args=3)


def test_start_date_may_stand_in_default_args_or_on_a_task():
    assert DAG("a", default_args={"start_date": START}).start_date == START
    with DAG("b") as declared:
        EmptyOperator(task_id="late", start_date=START + timedelta(days=1))
        EmptyOperator(task_id="early", start_date=START)
    assert to_spec(declared, "b.py").start_date == "2026-01-01T00:00:00+00:00"


def test_the_time_zone_is_that_of_the_start_date_unless_given():
    berlin = datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert DAG("a", start_date=berlin).timezone == "Europe/Berlin"
    assert DAG("b", start_date=berlin, timezone="Asia/Tokyo").timezone == "Asia/Tokyo"
    assert DAG("c").timezone == "UTC"


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(BadSchedule, match="Mars/Olympus"):
        DAG("orders", timezone="Mars/Olympus")


def test_instants_are_stored_in_utc():
    tokyo = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert to_spec(DAG("a", start_date=tokyo), "a.py").start_date == "2025-12-31T15:00:00+00:00"


def test_two_tasks_of_one_id_are_refused():
    with DAG("orders"):
        EmptyOperator(task_id="load")
        with pytest.raises(DuplicateTask, match="two tasks named 'load'"):
            EmptyOperator(task_id="load")


def test_a_cycle_is_named_by_its_tasks():
    with DAG("orders") as declared:
        a, b, c, d = (EmptyOperator(task_id=each) for each in "abcd")
        d >> a >> b >> c >> a
    with pytest.raises(DagCycle, match="a -> b -> c -> a"):
        to_spec(declared, "orders.py")


def test_a_task_that_waits_for_itself_is_a_cycle():
    with DAG("orders") as declared:
        alone = EmptyOperator(task_id="alone")
        alone >> alone
    with pytest.raises(DagCycle, match="alone -> alone"):
        declared.check_cycle()


def test_a_chain_of_five_thousand_tasks_needs_no_deep_stack():
    with DAG("long") as declared:
        tasks = [EmptyOperator(task_id=f"t{number}") for number in range(5000)]
        for before, after in pairwise(tasks):
            before >> after
    assert to_spec(declared, "long.py").tasks[4999].upstream == ("t4998",)


def test_a_decorated_function_makes_a_dag_whose_arguments_are_params():
    @task
    def show(day, times):
        return [day] * times

    @dag(schedule="@daily", start_date=START, tags=["b", "a"])
    def report(day: str = "monday", times: int = 2):
        """Say it again."""
        show(day, times)

    declared = report(times=3)
    spec = to_spec(declared, "report.py")
    assert (spec.dag_id, spec.doc_md, spec.tags) == ("report", "Say it again.", ("a", "b"))
    assert {each.name: each.default for each in spec.params} == {"day": "monday", "times": 3}


def test_a_decorated_function_may_be_bare_or_renamed():
    @dag
    def bare():
        EmptyOperator(task_id="a")

    @dag("renamed")
    def other():
        EmptyOperator(task_id="a")

    assert (bare().dag_id, other().dag_id) == ("bare", "renamed")


def test_params_keep_their_schema_and_plain_values_become_params():
    declared = DAG(
        "a",
        params={
            "n": Param(3, type="integer", minimum=1, description="how many"),
            "plain": "x",
            "must": Param(),
        },
    )
    specs = {each.name: each for each in to_spec(declared, "a.py").params}
    assert specs["n"].schema == {"type": "integer", "minimum": 1}
    assert (specs["n"].default, specs["n"].description) == (3, "how many")
    assert (specs["plain"].default, specs["plain"].schema) == ("x", {})
    assert not specs["must"].has_default


def test_a_param_that_is_not_json_is_refused():
    with pytest.raises(BadDag, match="Param 'when' of DAG 'a' must be JSON"):
        to_spec(DAG("a", params={"when": START}), "a.py")


def test_the_same_source_gives_the_same_spec():
    def declare():
        with DAG("a", tags={"x", "y", "z"}, params={"n": 1}) as declared:
            first, second, third = (EmptyOperator(task_id=each) for each in "abc")
            [first, second] >> third
        return to_spec(declared, "a.py")

    assert declare() == declare()


@pytest.mark.parametrize(
    "wrong",
    [
        {"catchup": "no"},
        {"fail_fast": 1},
        {"description": 7},
        {"tags": "one"},
        {"max_active_runs": 0},
        {"max_active_tasks": "16"},
        {"dagrun_timeout": 0},
        {"is_paused_upon_creation": "yes"},
        {"on_failure_callback": "mail me"},
        {"render_template_as_native_obj": None},
    ],
)
def test_a_wrong_value_is_refused_with_its_line(wrong):
    with pytest.raises(BadDag, match=rf"test_dag\.py:\d+: {next(iter(wrong))}="):
        DAG("a", **wrong)
