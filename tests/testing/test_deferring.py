"""Tasks that defer, in `dag.test()`: the same attempts as on a server, and triggers that run here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import DAG, BaseOperator, BaseTrigger, StartTriggerArgs, TaskDeferralError, TriggerEvent
from scheduler.operators.python import run_coroutine
from scheduler.sdk.deferral import TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent
from scheduler.triggers.temporal import DateTimeTrigger, TimeDeltaTrigger

SOON = timedelta(milliseconds=1)
NEVER = timedelta(days=1000)


class Ends(BaseTrigger):
    """Ends the task itself."""

    def __init__(self, how):
        super().__init__()
        self.how = how

    def serialize(self):
        return f"{__name__}.Ends", {"how": self.how}

    async def run(self):
        if self.how == "broken":
            raise ValueError("no way")
        xcoms = {"return_value": self.how}
        events = {"success": TaskSuccessEvent, "failed": TaskFailedEvent, "skipped": TaskSkippedEvent}
        yield events[self.how](xcoms=xcoms) if self.how in events else TriggerEvent(self.how)


class Waits(BaseOperator):
    def __init__(self, task_id, *, trigger, method="over", timeout=None, **arguments):
        super().__init__(task_id, **arguments)
        self.trigger, self.method, self.wait_timeout = trigger, method, timeout

    def execute(self, context):
        self.defer(
            trigger=self.trigger, method_name=self.method, kwargs={"n": {1}}, timeout=self.wait_timeout
        )

    def over(self, context, event, n):
        return [event, n]


class Hardened(Waits):
    def resume_execution(self, next_method, next_kwargs, context):
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralError as error:
            return str(error)


def run(operator, **arguments):
    with DAG("d") as dag:
        operator(task_id="a", **arguments)
    return dag.test()


def test_a_task_goes_on_with_the_event_and_what_it_had_kept():
    result = run(Waits, trigger=Ends("anything"))
    assert (result.is_success, result.xcoms["a"]) == (True, ["anything", {1}])
    assert result.tries["a"] == 1


def test_the_event_of_a_moment_is_the_moment():
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    assert run(Waits, trigger=DateTimeTrigger(moment)).xcoms["a"][0] == moment


@pytest.mark.parametrize(
    ("trigger", "timeout", "words"),
    [
        (TimeDeltaTrigger(NEVER), SOON, "TaskDeferralTimeout: waited for DateTimeTrigger(moment="),
        (Ends("broken"), None, "TaskDeferralError: trigger Ends failed: ValueError: no way"),
    ],
)
def test_a_wait_that_fails_fails_the_task_which_is_tried_again(trigger, timeout, words):
    result = run(Waits, trigger=trigger, timeout=timeout, retries=1, retry_delay=0)
    assert words in result.errors["a"].line
    assert result.tries["a"] == 2


def test_an_operator_may_do_something_else_after_a_wait_that_failed():
    assert "no way" in run(Hardened, trigger=Ends("broken")).xcoms["a"]


@pytest.mark.parametrize("state", ["success", "failed", "skipped"])
def test_a_trigger_may_end_the_task(state):
    result = run(Waits, trigger=Ends(state))
    assert result.task_states["a"] == state
    assert result.xcoms.get("a") == ("success" if state == "success" else None)


def test_a_task_without_the_method_that_it_names_fails_before_it_waits():
    result = run(Waits, trigger=TimeDeltaTrigger(NEVER), method="nothing", retries=3)
    assert "no method 'nothing' to go on with" in result.errors["a"].line
    assert result.tries["a"] == 1


def test_a_task_may_begin_with_its_trigger():
    class Begins(Waits):
        start_from_trigger = True
        start_trigger_args = StartTriggerArgs(
            trigger_cls=f"{__name__}.Ends",
            trigger_kwargs={"how": "begun"},
            next_method="over",
            next_kwargs={"n": 2},
        )

    assert run(Begins, trigger=None).xcoms["a"] == ["begun", 2]


def test_a_wait_runs_beside_a_loop_that_runs_already():
    """As in a notebook."""

    async def cell():
        return run(Waits, trigger=TimeDeltaTrigger(SOON)).is_success

    assert run_coroutine(cell())


def test_mapped_tasks_wait_each_for_its_own():
    with DAG("d") as dag:
        Waits.partial(task_id="a", trigger=TimeDeltaTrigger(SOON)).expand(method=["over", "over"])
    result = dag.test()
    assert result.is_success
