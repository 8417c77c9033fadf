"""Operators that ask people, in a test run of the DAG and by themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import (
    DAG,
    ApprovalOperator,
    HITLBranchOperator,
    HITLEntryOperator,
    HITLOperator,
    Param,
    TriggerRule,
    task,
)
from scheduler.errors import BadDag, BadParams
from scheduler.operators.people import HITLTimeoutError
from scheduler.questions import LONGEST_BODY, LONGEST_OPTION
from scheduler.sdk.serialize import to_spec
from tests.runtime.attempts import attempt

_ASKS = {"subject": "Which?", "options": ["red", "blue"]}


def _ask(kind=HITLOperator, **arguments):
    with DAG("d", params={"of": "the DAG"}) as dag:
        kind(task_id="a", **arguments)
    return dag


def test_an_attempt_ends_with_the_question_after_the_notifiers_were_told():
    told = []

    def fails(context):
        raise ValueError("no mail")

    dag = _ask(
        subject="Which of {{ run_id[:6] }}?",
        body="**{{ ds }}**",
        options=["red", "blue"],
        defaults="red",
        params={"why": Param(type="string"), "rows": 5},
        assigned_users={"id": "ada", "name": "Ada"},
        notifiers=[fails, lambda context: told.append(context["task"].subject)],
        response_timeout=timedelta(minutes=5),
    )
    outcome = attempt(dag)
    asked = outcome.question
    assert (outcome.state, outcome.reason) == ("awaiting_input", "asks: Which of manual?")
    assert asked is not None
    assert told == ["Which of manual?"]
    assert (asked.body, asked.options, asked.defaults) == ("**2026-11-21**", ("red", "blue"), ("red",))
    assert asked.params == {
        "why": {"schema": {"type": "string"}, "description": None},
        "rows": {"value": 5, "schema": {}, "description": None},
    }
    assert asked.assigned_users == ({"id": "ada", "name": "Ada"},)
    assert asked.timeout_s == 300


def test_an_execution_timeout_bounds_the_wait_where_nothing_else_does():
    dag = _ask(**_ASKS, execution_timeout=timedelta(seconds=7))
    outcome = attempt(dag)
    assert outcome.question is not None
    assert outcome.question.timeout_s == 7
    assert dag.get_task("a").execution_timeout is None


def _resume(**event):
    return {"kind": "event", "method": "execute_complete", "kwargs": {}, "event": event, "said": []}


def _answered(*chosen, **params):
    user = {"id": "ada", "name": "Ada"}
    return _resume(
        chosen_options=list(chosen), params_input=params, responded_at=None, responded_by_user=user
    )


def test_the_answer_is_handed_on():
    dag = _ask(**_ASKS, multiple=True)
    outcome = attempt(dag, resume=_answered("red", "blue", why="so"))
    assert outcome.xcoms["return_value"] == {
        "chosen_options": ["red", "blue"],
        "params_input": {"why": "so"},
        "responded_at": None,
        "responded_by_user": {"id": "ada", "name": "Ada"},
    }


def test_without_an_answer_in_time_it_fails_and_may_be_tried_again():
    outcome = attempt(_ask(**_ASKS), resume=_resume(error="nobody answered", error_type="timeout"))
    assert (outcome.state, outcome.retryable) == ("failed", True)
    assert outcome.error is not None
    assert outcome.error.type.endswith(HITLTimeoutError.__name__)


def test_a_rejection_that_is_to_fail_is_not_tried_again():
    outcome = attempt(_ask(ApprovalOperator, subject="Go?", fail_on_reject=True), resume=_answered("Reject"))
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert "rejected by Ada" in outcome.reason


def _approving(**arguments):
    with DAG("d") as dag:
        asks = ApprovalOperator(task_id="asks", subject="Go?", **arguments)

        @task
        def goes(answer):
            return answer["chosen_options"]

        @task(trigger_rule=TriggerRule.ALL_DONE)
        def always():
            pass

        goes(asks.output) >> always()
    return dag


@pytest.mark.parametrize(
    ("answer", "arguments", "states"),
    [
        ("Approve", {}, {"goes": "success", "always": "success"}),
        ("Reject", {}, {"goes": "skipped", "always": "success"}),
        ("Reject", {"ignore_downstream_trigger_rules": True}, {"goes": "skipped", "always": "skipped"}),
    ],
)
def test_what_follows_an_approval_goes_on_and_what_follows_a_rejection_is_skipped(answer, arguments, states):
    result = _approving(**arguments).test(answers={"asks": answer})
    assert result.task_states == {"asks": "success", **states}


def test_the_way_that_was_chosen_is_taken():
    with DAG("d") as dag:
        asks = HITLBranchOperator(
            task_id="asks", subject="Where?", options=["north", "south"], options_mapping={"north": "up"}
        )

        @task
        def up():
            pass

        @task
        def south():
            pass

        asks >> [up(), south()]
    assert dag.test(answers={"asks": "north"}).task_states == {
        "asks": "success",
        "up": "success",
        "south": "skipped",
    }


def test_a_form_is_filled_in_and_its_defaults_are_taken_where_nobody_does():
    params = {"rows": Param(3, type="integer"), "note": "none"}
    dag = _ask(HITLEntryOperator, subject="How many?", params=params)
    filled = dag.test(answers={"a": {"chosen_options": ["OK"], "params_input": {"rows": 9}}}).xcoms["a"]
    assert filled["params_input"] == {"rows": 9, "note": "none"}
    assert isinstance(filled["responded_at"], datetime)
    by_default = dag.test().xcoms["a"]
    assert (by_default["chosen_options"], by_default["responded_by_user"]) == (["OK"], None)
    assert by_default["responded_at"].tzinfo in (UTC, filled["responded_at"].tzinfo)


def test_a_test_run_says_which_answer_is_missing_or_wrong():
    dag = _ask(**_ASKS)
    with pytest.raises(BadParams, match=r"dag.test\(answers=\{'a': 'red'\}\)"):
        dag.test()
    with pytest.raises(BadParams, match="'green' is no option"):
        dag.test(answers={"a": "green"})
    with pytest.raises(BadDag, match="has no task 'b'"):
        dag.test(answers={"b": "red"})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"chosen_options": ["OK", "No"]}, "2 options of 'a' are chosen; choose one of OK, No"),
        ({}, "0 options of 'a' are chosen"),
        ({"chosen_options": ["OK"], "params_input": {"rows": 0}}, "rows: 0 is less than the minimum of 1"),
        ({"chosen_options": ["OK"], "params_input": {"row": 1}}, "'a' asks for no param 'row'"),
    ],
)
def test_a_test_run_takes_no_answer_that_a_server_would_refuse(answer, words):
    params = {"rows": Param(3, type="integer", minimum=1)}
    dag = _ask(HITLEntryOperator, subject="How many?", options=["OK", "No"], params=params)
    with pytest.raises(BadParams, match=words):
        dag.test(answers={"a": answer})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"options": []}, "options of a question must be"),
        ({"options": ["a", "a"]}, "options of a question must be"),
        ({"options": ["x" * (LONGEST_OPTION + 1)]}, "options of a question must be"),
        ({"defaults": "green"}, "defaults of a question must be"),
        ({"defaults": ["red", "blue"]}, "defaults of a question must be"),
        ({"params": {"_options": 1}}, "cannot be called '_options'"),
        ({"params": {"big": "x" * 200_000}}, "params of a question must be"),
        ({"response_timeout": timedelta(0)}, "response_timeout of a question must be"),
        ({"assigned_users": [{"name": "Ada"}]}, "assigned_users"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_as_the_file_loads(arguments, words):
    with pytest.raises(BadDag, match=words):
        _ask(**{**_ASKS, **arguments})


def test_a_text_that_grew_too_long_fails_the_task_at_once():
    outcome = attempt(_ask(**_ASKS, body="{{ 'x' * " + str(LONGEST_BODY + 1) + " }}"))
    assert (outcome.state, outcome.retryable) == ("failed", False)
    assert "body of a question must be at most" in outcome.reason


def test_an_approval_has_its_own_options():
    with pytest.raises(BadDag, match="options"):
        _ask(ApprovalOperator, subject="Go?", options=["a"])
    with pytest.raises(BadDag, match="options_mapping"):
        _ask(HITLBranchOperator, **_ASKS, options_mapping={"green": "a"})


def test_a_link_leads_to_the_page_with_an_answer_filled_in():
    links = []
    dag = _ask(
        **_ASKS,
        params={"why": "?"},
        notifiers=lambda context: links.append(
            HITLOperator.generate_link_to_ui_from_context(
                context=context, base_url="https://d.example/", options="red", params_input={"why": "so"}
            )
        ),
    )
    attempt(dag)
    assert links == [
        "https://d.example/dags/d/runs/manual__2026-11-21T06%3A30%3A00%2B00%3A00/tasks/a/required_actions"
        "?_options=red&why=so"
    ]
    asks = dag.get_task("a")
    assert isinstance(asks, HITLOperator)
    for wrong in ({"options": "green"}, {"params_input": {"x": 1}}, {"base_url": None}):
        with pytest.raises(BadParams):
            asks.generate_link_to_ui(task_instance=None, **wrong)


def test_a_mapped_task_asks_once_for_each_item_and_its_graph_takes_a_later_form():
    with DAG("d") as dag:
        asks = HITLOperator.partial(task_id="asks", options=["yes", "no"]).expand(subject=["One?", "Two?"])

        @task
        def count(answers):
            return [each["chosen_options"] for each in answers]

        count(asks.output)
    result = dag.test(answers={"asks": "no"})
    assert result.xcoms["count"] == [["no"], ["no"]]
    spec = to_spec(dag, "d.py")
    assert (spec.tasks[0].asks, spec.tasks[1].asks, spec.wire_version) == (True, None, 8)


def test_without_an_answer_a_test_run_goes_on_to_the_time_out():
    with DAG("d") as dag:
        HITLOperator(
            task_id="a",
            subject="Which?",
            options=["red", "blue"],
            defaults="blue",
            response_timeout=timedelta(hours=4),
        )
    result = dag.test(now=datetime(2026, 1, 1, tzinfo=UTC))
    assert result.xcoms["a"]["chosen_options"] == ["blue"]
    assert result.xcoms["a"]["responded_at"] == datetime(2026, 1, 1, 4, tzinfo=UTC)
