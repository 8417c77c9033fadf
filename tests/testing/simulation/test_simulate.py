"""A simulation says what a server would do, without doing it."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import DAG, CronDataIntervalTimetable, EmptyOperator, task
from scheduler.core.timetables import following
from scheduler.errors import BadDag, BadSchedule, NaiveDate
from scheduler.sdk.serialize import to_spec
from scheduler.testing.simulation import simulate

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def day(number, hours=0.0):
    return NEW_YEAR + timedelta(days=number - 1, hours=hours)


def one_task(dag_id="d", *, task_arguments=None, **arguments):
    with DAG(dag_id, **arguments) as dag:
        EmptyOperator(task_id="work", **(task_arguments or {}))
    return dag


def test_runs_start_when_the_timetable_says_so():
    dag = one_task(schedule="0 6 * * 1-5", timezone="Europe/Berlin")
    simulation = dag.simulate(NEW_YEAR, day(366))
    spec, due, expected = to_spec(dag, "d.py"), None, []
    while (due := following(spec, due, due.run_at if due else NEW_YEAR)) and due.run_at < day(366):
        expected.append(due.run_at)
    assert simulation.starts() == expected
    assert len(expected) > 250


def test_a_month_is_told_run_by_run():
    simulation = one_task(schedule="@hourly").simulate(NEW_YEAR, day(32), durations={"work": 600})
    assert (len(simulation.runs), simulation.most_runs_at_once()) == (31 * 24 - 1, 1)
    first = simulation.runs[0]
    assert (first.run_id, first.took) == ("scheduled__2026-01-01T01:00:00+00:00", timedelta(minutes=10))
    assert "d       2026-01-01 01:00:00  2026-01-01 01:00:00" in simulation.table()


@pytest.mark.parametrize(("catchup", "days"), [(True, [1, 2, 3, 4, 5]), (False, [3, 4, 5])])
def test_what_is_past_at_the_start_is_made_up_for_with_catchup_only(catchup, days):
    dag = one_task(schedule="@daily", start_date=NEW_YEAR, catchup=catchup)
    runs = dag.simulate(day(3, 12), day(5, 1)).runs
    assert [run.logical_date for run in runs] == [day(number) for number in days]
    assert {run.started_at for run in runs if run.logical_date <= day(3)} == {day(3, 12)}


def test_data_intervals_start_their_runs_at_their_end():
    dag = one_task(schedule=CronDataIntervalTimetable("@daily", timezone="UTC"), start_date=NEW_YEAR)
    run = dag.simulate(NEW_YEAR, day(2, 1)).runs[0]
    assert (run.logical_date, run.started_at) == (day(1), day(2))


def test_no_more_runs_are_active_than_may_be_and_without_catchup_the_newest_goes_on():
    dag = one_task(schedule="@daily", max_active_runs=2, start_date=NEW_YEAR)
    simulation = dag.simulate(NEW_YEAR, day(11), durations={"work": timedelta(days=4)})
    assert simulation.most_runs_at_once("d") == 2
    assert [run.logical_date for run in simulation.of("d")] == [day(each) for each in (1, 2, 5, 6, 9, 10)]


def test_a_task_waits_for_itself_in_the_run_before_where_it_depends_on_the_past():
    dag = one_task(
        schedule="@daily",
        start_date=NEW_YEAR,
        catchup=True,
        task_arguments={"depends_on_past": True, "retries": 1},
    )
    simulation = dag.simulate(
        NEW_YEAR,
        day(5),
        durations={"work": timedelta(hours=30)},
        fail={"work": lambda date, number: date == day(2) and number == 1},
    )
    began = [run.task("work").started_at for run in simulation.runs]
    assert began == [
        day(1),
        day(2, 6),
        day(
            4,
            18,
        )
        + timedelta(minutes=5),
        day(6) + timedelta(minutes=5),
    ]
    assert [run.task("work").tries for run in simulation.runs] == [1, 2, 1, 1]


def test_what_fails_for_good_holds_what_depends_on_it_and_the_rest_of_the_run():
    with DAG("d", schedule="@daily", start_date=NEW_YEAR, catchup=True) as dag:
        EmptyOperator(task_id="work", depends_on_past=True) >> EmptyOperator(task_id="after")
    first, second = dag.simulate(NEW_YEAR, day(2, 1), fail={"work": lambda date: date == day(1)}).runs
    assert (first.state, first.task("after").state) == ("failed", "upstream_failed")
    assert (second.state, second.task("work").state, second.ended_at) == ("running", "none", None)


def test_retries_come_after_their_delay():
    dag = one_task(schedule="@once", start_date=NEW_YEAR, task_arguments={"retries": 2, "retry_delay": 3600})
    (run,) = dag.simulate(NEW_YEAR, day(2), durations={"work": 60}, fail={"work": [1, 2]}).runs
    assert run.took == timedelta(hours=2, minutes=3)
    assert dag.simulate(NEW_YEAR, day(2), fail={"work": 3}).runs[0].state == "failed"


def test_slots_and_pools_are_shared_by_all_dags():
    dags = [
        one_task(name, schedule="@once", start_date=NEW_YEAR, task_arguments={"pool": "db", "pool_slots": 2})
        for name in ("one", "two", "three")
    ]
    hour = {"default_duration": timedelta(hours=1)}

    def starts(**limits):
        return [
            run.task("work").started_at for run in simulate(dags, NEW_YEAR, day(2), **hour, **limits).runs
        ]

    assert starts() == [day(1)] * 3
    assert starts(slots=1) == [day(1), day(1, 1), day(1, 2)]
    assert starts(pools={"db": 4}) == [day(1), day(1), day(1, 1)]


def test_tasks_wait_for_each_other_and_for_room_in_their_run():
    with DAG("d", schedule="@once", start_date=NEW_YEAR, max_active_tasks=2) as dag:
        [EmptyOperator(task_id=each) for each in "abc"] >> EmptyOperator(task_id="last")
    (run,) = dag.simulate(NEW_YEAR, day(2), default_duration=3600).runs
    assert [run.task(each).started_at for each in ("a", "b", "c", "last")] == [
        day(1), day(1), day(1, 1), day(1, 2),
    ]  # fmt: skip


def test_a_mapped_task_has_as_many_instances_as_is_assumed():
    with DAG("d", schedule="@once", start_date=NEW_YEAR) as dag:

        @task
        def listed(): ...

        @task
        def work(n): ...

        work.expand(n=listed())
    (run,) = dag.simulate(NEW_YEAR, day(2), lengths={"listed": 3}).runs
    assert [each.task_id for each in run.tasks] == ["listed", "work[0]", "work[1]", "work[2]"]
    assert run.state == "success"


def test_a_pool_without_enough_slots_is_told_as_the_reason():
    dag = one_task(schedule="@once", start_date=NEW_YEAR, task_arguments={"pool": "db", "pool_slots": 2})
    (run,) = dag.simulate(NEW_YEAR, day(2), pools={"db": 1}).runs
    assert run.task("work").state == "scheduled"
    assert "asks for 2 slots of pool 'db'" in run.task("work").reason


def test_a_schedule_that_never_comes_to_an_end_is_refused():
    dag = one_task(schedule=timedelta(seconds=1), start_date=NEW_YEAR, catchup=True)
    with pytest.raises(BadSchedule, match="more than 50 runs"):
        dag.simulate(NEW_YEAR, day(4), most_runs=50)


@pytest.mark.parametrize(
    ("span", "assumed", "error", "words"),
    [
        ((day(2), day(1)), {}, BadSchedule, "has no time to pass"),
        ((NEW_YEAR.replace(tzinfo=None), day(1)), {}, NaiveDate, "start="),
        (
            (day(1), day(2)),
            {"fail": {"wrok": 1}},
            BadDag,
            "no task|No DAG of the simulation has a task 'wrok'",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused_by_name(span, assumed, error, words):
    with pytest.raises(error, match=words):
        one_task(schedule="@daily").simulate(*span, **assumed)


def test_a_run_ends_with_its_time_limit_and_gives_its_places_back():
    with DAG("d", schedule="@daily", dagrun_timeout=timedelta(hours=30), max_active_runs=2) as dag:
        EmptyOperator(task_id="long") >> EmptyOperator(task_id="after")
    simulation = dag.simulate(NEW_YEAR, day(4, 1), durations={"long": timedelta(hours=40)}, slots=1)
    first, second, *_ = simulation.runs
    assert (first.state, first.took) == ("failed", timedelta(hours=30))
    assert {each.task_id: each.state for each in first.tasks} == {"long": "failed", "after": "skipped"}
    assert first.task("long").reason == "ran longer than dagrun_timeout, 108000 s"
    assert second.task("long").started_at == first.ended_at


def test_a_try_that_takes_longer_than_it_may_fails_and_is_tried_again():
    arguments = {"execution_timeout": timedelta(minutes=5), "retries": 1, "retry_delay": timedelta(minutes=1)}
    dag = one_task(task_arguments=arguments, schedule="@daily", start_date=NEW_YEAR)
    run = dag.simulate(NEW_YEAR, day(1, 1), durations={"work": timedelta(hours=1)}).runs[0]
    assert (run.state, run.took, run.task("work").tries) == ("failed", timedelta(minutes=11), 2)
    assert "execution_timeout, 300 s" in run.task("work").reason


def test_a_loop_goes_on_as_often_as_assumed_and_no_longer_than_it_may():
    with DAG("d", schedule="@daily", start_date=NEW_YEAR) as dag:
        looped = task.loop(task_id="poll", until=lambda value: True, max_iterations=4)(lambda: 1)()
        looped >> EmptyOperator(task_id="after")
    for assumed, took in ((3, 3), (9, 4)):
        run = dag.simulate(NEW_YEAR, day(1, 1), durations={"poll": 60}, iterations={"poll": assumed}).runs[0]
        assert (run.state, run.took) == ("success", timedelta(minutes=took))
        assert run.task("after").started_at == run.ended_at
    with pytest.raises(BadDag, match="Did you mean 'poll'"):
        dag.simulate(NEW_YEAR, day(2), iterations={"pol": 2})
