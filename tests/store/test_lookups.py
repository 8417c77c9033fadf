"""The states of many runs and their tasks in two statements."""

from scheduler.store.lookups import Answer, Question, states_of
from tests.operations.plays import started_run
from tests.store.specs import NOW


def test_runs_are_found_by_id_and_by_date_with_their_tasks(write):
    write(started_run, states={"a": "success"})
    tasks = {"a": "success", "b": "none", "c": "none"}
    asked = [
        Question("shop", "r1", None, wants_tasks=True),
        Question("shop", None, NOW, wants_tasks=False),
        Question("shop", "r2", None, wants_tasks=True),
        Question("other", "r1", None, wants_tasks=False),
    ]
    assert write(states_of, asked) == [
        Answer({"r1": "running"}, {"r1": tasks}),
        Answer({"r1": "running"}, {}),
        Answer(),
        Answer(),
    ]
