"""A recorded run replayed: each task on the values of then."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scheduler import DAG, PythonOperator, Variable, task
from scheduler.errors import BadDag
from scheduler.sdk.results import RETURN_KEY
from scheduler.testing.recording import BadRecording, RecordedTask, Recording, read_recording
from scheduler.testing.replay import replay
from scheduler.wire import RunInfo

DAY = "2026-03-01T00:00:00+00:00"
RUN = RunInfo(
    dag_id="d", run_id="then", run_type="manual", logical_date=DAY, data_interval_start=DAY, data_interval_end=DAY,
    run_after=DAY, start_date="2026-03-01T06:00:00+00:00", conf={"by": 2}, params={"by": 2},
)  # fmt: skip


def dag(by=1):
    """Two tasks; `by` stands for a change of the second one's code."""
    with DAG("d", params={"by": 1}) as made:

        @task
        def load(ti=None):
            return [str(ti.start_date), 3]

        @task
        def times(loaded, params=None):
            return loaded[1] * params["by"] * by

        times(load())
    return made


def recorded(task_id, value, *, path="", state="success", **more):
    values = {} if value is None else {RETURN_KEY: value}
    return RecordedTask(task_id=task_id, path=path, state=state, tries=1, values=values, **more)


def recording(*tasks):
    return Recording(run=RUN, state="success", tasks=tasks)


THEN = recording(recorded("load", ["2026-03-01 06:00:00+00:00", 3]), recorded("times", 6))


@pytest.fixture
def file(tmp_path):
    """A file with a recording."""

    def write(content):
        (tmp_path / "run.json").write_text(content.to_json())
        return tmp_path / "run.json"

    return write


def test_what_does_the_same_as_then_has_no_difference(file):
    replayed = replay(dag(), file(THEN))
    assert (replayed.is_same, replayed.first_difference) == (True, None)
    assert [each.task_id for each in replayed.tasks] == ["load", "times"]
    assert read_recording(file(THEN)) == THEN


def test_a_value_that_differs_is_told_with_both(file):
    replayed = replay(dag(by=5), file(THEN))
    assert replayed.differences == ["times handed on 6 as 'return_value', and hands on 30 now."]
    assert replay(dag(by=5), file(THEN), ignore=["times"]).is_same


def test_a_task_takes_the_recorded_values_whatever_those_before_it_do_now(file):
    other = recording(recorded("load", ["then", 100]), recorded("times", 200))
    replayed = replay(dag(), file(other))
    assert [each.task_id for each in replayed.tasks if each.differences] == ["load"]
    assert replay(dag(), file(other), only=["times"]).is_same


def test_a_state_that_differs_is_told_with_the_reason(file):
    replayed = replay(
        dag(), file(recording(recorded("load", ["x", None]), recorded("times", None))), only=["times"]
    )
    assert "times was success and is failed now: TypeError" in (replayed.first_difference or "")


def test_variables_and_mocks_are_given_as_to_a_test(file):
    with DAG("d") as made:
        PythonOperator(task_id="read", python_callable=lambda: Variable.get("x"))
        PythonOperator(task_id="away", python_callable=lambda: 1 / 0)
    then = recording(recorded("read", "7"), recorded("away", 1))
    assert replay(made, file(then), variables={"x": "7"}, mocks={"away": 1}).is_same


def test_instances_are_compared_one_by_one(file):
    with DAG("d") as made:

        @task
        def listed(): ...

        @task
        def double(n):
            return 2 * n

        double.expand(n=listed())
    then = [recorded("listed", [1, 2, 3]), recorded("double", 2, path="0"), recorded("double", 5, path="1")]
    assert replay(made, file(recording(*then)), only=["double"]).differences == [
        "double[2] is there now, and was not then.",
        "double[1] handed on 5 as 'return_value', and hands on 4 now.",
    ]


def test_what_was_masked_or_left_out_is_noted_and_not_compared(file):
    masked = recording(
        recorded("load", ["***", 3]), replace(recorded("times", None), left_out={RETURN_KEY: 10**7})
    )
    load, times = replay(dag(), file(masked)).tasks
    assert (load.differences, times.differences) == ((), ())
    assert "holds a secret, which the recording masks" in load.notes[0]
    assert any("has 10,000,000 characters" in each for each in times.notes)


def test_the_clock_stands_at_the_start_of_the_run_then(file):
    (tried, *_) = replay(dag(), file(THEN), only=["load"]).tasks[0].result.attempts
    assert tried.started_at == datetime(2026, 3, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "is no recording of form 1"),
        ("[", "cannot be read"),
        ('{"dirigent_recording": 1}', "is not whole: 'run'"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_by_name(tmp_path, content, words):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(BadRecording, match=f"run.json {words}"):
        replay(dag(), tmp_path / "run.json")


def test_a_task_that_did_not_run_then_cannot_be_replayed():
    data = json.loads(replace(THEN, tasks=THEN.tasks[:1]).to_json())
    with pytest.raises(BadDag, match="'times' did not run in 'then'"):
        replay(dag(), data, only=["times"])
