"""Questions to people on their way out of a child."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scheduler.wire import Job
from tests.runtime.conftest import Crew


def _answer(_job: Job | None, verb: str, _args: dict[str, Any]) -> Any:
    return "hunter22" if verb == "get_variable" else None


def test_secrets_are_masked_in_what_people_read_and_options_stay_as_the_task_knows_them(
    make_crew: Callable[..., Crew],
) -> None:
    outcome = make_crew(answer=_answer).run_code(
        """
        from scheduler import Variable
        from scheduler.sdk.signals import TaskAwaitingInput
        from scheduler.wire import Question

        def task():
            secret = Variable.get("password")
            raise TaskAwaitingInput(
                Question(
                    subject=f"Is it {secret}?",
                    body=f"**{secret}**\\0",
                    options=("yes", "no"),
                    params={"word": {"value": secret, "schema": {}, "description": secret}},
                    method="go_on",
                )
            )
        """
    )
    asked = outcome.question
    assert asked is not None
    assert (outcome.state, outcome.reason) == ("awaiting_input", "asks: Is it ***?")
    assert (asked.subject, asked.body) == ("Is it ***?", "*******\\x00")
    assert asked.options == ("yes", "no")
    assert asked.params == {"word": {"value": "***", "schema": {}, "description": "***"}}


def test_a_question_that_nests_without_end_ends_its_attempt_like_any_other(
    make_crew: Callable[..., Crew],
) -> None:
    outcome = make_crew(answer=_answer).run_code(
        """
        from scheduler import Variable
        from scheduler.sdk.signals import TaskAwaitingInput
        from scheduler.wire import Question

        def task():
            value = Variable.get("password")
            for _ in range(600):
                value = [value]
            params = {"deep": {"value": value, "schema": {}}}
            raise TaskAwaitingInput(Question(subject="?", options=("yes",), params=params, method="go_on"))
        """
    )
    assert outcome.state == "awaiting_input"
    assert "hunter22" not in str(outcome.question)
