"""What a missed deadline calls: functions, coroutines, notifiers, and their keywords."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scheduler import (
    DAG,
    AsyncCallback,
    BaseDeadlineReference,
    DeadlineAlert,
    DeadlineReference,
    EmptyOperator,
    SyncCallback,
    VariableInterval,
    deadline_reference,
)
from scheduler.errors import BadDag, DirigentError
from scheduler.runtime.child.attempt import perform
from scheduler.sdk.instance import dag_run_of
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.variables import reading_from
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import StandingClock, job

HEARD: list[Any] = []
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def silence():
    HEARD.clear()


def plain(text):
    HEARD.append(text)


def with_context(context, text="?"):
    HEARD.append((context["dag"].dag_id, context["reason"], text))


async def later(text, **context):
    HEARD.append((text, context["context"]["run_id"]))


class Bell:
    """A notifier, as callbacks take it."""

    def __init__(self, text):
        self.text = text

    def __call__(self, context):
        HEARD.append((self.text, context["dag_run"].dag_id))


@deadline_reference
class EndOfDay(BaseDeadlineReference):
    """Midnight after the logical date."""

    def evaluate(self, run):
        return run.logical_date.replace(hour=0, minute=0) + timedelta(days=1)


@deadline_reference(DeadlineReference.TYPES.DAGRUN_QUEUED)
class AsInAirflow(BaseDeadlineReference):
    """Says what a test wants it to say."""

    required_kwargs = ("run_id",)
    said: Any = None

    def _evaluate_with(self, *, session, run_id, **_facts):
        HEARD.append((session, run_id))
        return self.said


def asked_of(reference):
    with DAG("d", deadline=DeadlineAlert(reference, HOUR, plain)) as dag:
        EmptyOperator(task_id="a")
    assert to_spec(dag, "d.py").deadlines == ({"reference": "own", "interval_s": 3600.0, "name": ""},)
    asked = job(task_id="", kind="dag_callback", callback="reference:0")
    return perform(dag, asked, LocalChannel("d", {}, {}), StandingClock())


def test_a_reference_of_ones_own_says_from_when_a_deadline_is_counted():
    outcome = asked_of(DeadlineReference.EndOfDay)  # type: ignore[attr-defined]  # registered above
    assert (outcome.state, outcome.deadline_at) == ("success", "2026-11-22T01:00:00+00:00")


def test_a_reference_as_airflow_has_them_is_asked_without_a_session():
    outcome = asked_of(AsInAirflow())
    assert (outcome.state, outcome.deadline_at) == ("success", "")
    assert HEARD == [(None, "manual__2026-11-21T06:30:00+00:00")]


@pytest.mark.parametrize(
    ("said", "words"),
    [("soon", "AsInAirflow answered 'soon'"), (datetime(2026, 1, 1), "return a datetime with a time zone")],  # noqa: DTZ001 - that is what is refused
)
def test_a_reference_that_says_no_instant_is_told_so(said, words):
    reference = AsInAirflow()
    reference.said = said
    outcome = asked_of(reference)
    assert (outcome.state, words in outcome.reason) == ("failed", True)


def test_what_is_no_reference_or_needs_arguments_is_not_registered():
    with pytest.raises(BadDag, match="subclass BaseDeadlineReference"):
        deadline_reference()(int)  # type: ignore[type-var]  # that is what is refused
    with pytest.raises(BadDag, match="it must be made without arguments"):

        @deadline_reference
        class Needy(BaseDeadlineReference):
            def __init__(self, hour: int) -> None:
                self.hour = hour

    with pytest.raises(NotImplementedError):
        BaseDeadlineReference().evaluate(dag_run_of(job().run))


def call(callback, place=0):
    with DAG("d", deadline=DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, HOUR, callback)) as dag:
        EmptyOperator(task_id="a")
    asked = job(task_id="", kind="dag_callback", callback=f"deadline:{place}", reason="late")
    return perform(dag, asked, LocalChannel("d", {}, {}), StandingClock())


@pytest.mark.parametrize(
    ("callback", "heard"),
    [
        (SyncCallback(plain, {"text": "x"}), "x"),
        (with_context, ("d", "late", "?")),
        (SyncCallback(with_context, kwargs={"text": "y"}), ("d", "late", "y")),
        (AsyncCallback(later, {"text": "z"}), ("z", "manual__2026-11-21T06:30:00+00:00")),
        (AsyncCallback(Bell, {"text": "ding"}), ("ding", "d")),
        (SyncCallback(f"{__name__}.plain", {"text": "by its path"}), "by its path"),
    ],
)
def test_what_is_called_gets_its_keywords_and_the_context_where_it_takes_it(callback, heard):
    assert call(callback).state == "success"
    assert [heard] == HEARD


def test_one_that_raises_fails_its_attempt():
    outcome = call(SyncCallback("no.such.place"))
    assert (outcome.state, outcome.error.type) == ("failed", "ModuleNotFoundError")


def test_deadlines_stand_in_the_graph_as_data():
    average = DeadlineReference.AVERAGE_RUNTIME(max_runs=5, min_runs=2)
    fixed = DeadlineReference.FIXED_DATETIME(datetime(2027, 1, 1, tzinfo=UTC))
    alerts = [DeadlineAlert(average, HOUR, plain, name="slow"), DeadlineAlert(fixed, -HOUR, plain)]
    with DAG("d", deadline=alerts) as dag:
        EmptyOperator(task_id="a")
    made = to_spec(dag, "d.py")
    assert made.wire_version == 5
    assert made.deadlines == (
        {"reference": "average_runtime", "max_runs": 5, "min_runs": 2, "interval_s": 3600.0, "name": "slow"},
        {"reference": "fixed", "at": "2027-01-01T00:00:00+00:00", "interval_s": -3600.0, "name": ""},
    )


def test_an_interval_may_stand_in_a_variable():
    with reading_from(LocalChannel("d", {"deadline_s": "90", "word": "soon"}, {})):
        alert = DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, VariableInterval("deadline_s"), plain)
        assert alert.data["interval_s"] == 90.0
        with pytest.raises(BadDag, match="variable 'word' is 'soon'"):
            VariableInterval("word").resolve()


BAD: Any = "an hour"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DAG("d", deadline=BAD), "deadline='an hour'"),
        (lambda: DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, BAD, plain), "interval='an hour'"),
        (lambda: DeadlineAlert(BAD, HOUR, plain), "reference='an hour'"),
        (lambda: SyncCallback(BAD), "callback_callable='an hour'"),
        (lambda: SyncCallback(plain, {"context": 1}), "cannot be given"),
        (lambda: AsyncCallback(plain), "a coroutine function"),
        (lambda: DeadlineReference.FIXED_DATETIME(datetime(2027, 1, 1)), "a time zone"),  # noqa: DTZ001
        (lambda: DeadlineReference.AVERAGE_RUNTIME(2, 3), "min_runs <= max_runs"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(make, said):
    with pytest.raises(DirigentError, match=said):
        make()
