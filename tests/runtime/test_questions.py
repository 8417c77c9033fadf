"""Questions to people on their way out of a child."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scheduler.logs.mask import Masker
from scheduler.runtime.supervisor.shown_questions import shown_of
from scheduler.wire import Job, Question
from tests.runtime.conftest import Crew


def _answer(_job: Job | None, verb: str, _args: dict[str, Any]) -> Any:
    return "hunter22" if verb == "get_variable" else None


def test_secrets_are_masked_in_what_people_read_and_the_task_is_told_its_own_options(
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
                    options=("yes", f"as {secret}", f"as {secret}{secret}", "no"),
                    defaults=(f"as {secret}",),
                    params={
                        "word": {
                            "value": secret,
                            "schema": {"pattern": "^hunter", "format": "email", "title": "Word"},
                            "description": secret,
                        },
                        "one": {"schema": {"enum": [f"{secret}1", f"{secret}2"]}},
                        "n": {"value": "abc", "schema": {"pattern": "^abc$"}},
                    },
                    method="go_on",
                )
            )
        """
    )
    asked = outcome.question
    assert asked is not None
    assert (outcome.state, outcome.reason) == ("awaiting_input", "asks: Is it ***?")
    assert (asked.subject, asked.body) == ("Is it ***?", "*******\\x00")
    assert asked.options == ("yes", "as ***", "as ******", "no")
    assert asked.defaults == ("as ***",)
    assert asked.params == {
        "word": {"value": "***", "schema": {"title": "Word"}, "description": "***"},
        "one": {"schema": {"enum": ["***1", "***2"]}},
        "n": {"value": "abc", "schema": {"pattern": "^abc$"}},
    }
    assert outcome.meant is not None
    assert outcome.meant.options == ("yes", "as hunter22", "as hunter22hunter22", "no")
    assert outcome.meant.params["word"]["value"] == "hunter22"
    assert outcome.meant.secrets == ("hunter22",)


def test_options_that_look_the_same_without_their_secrets_are_numbered() -> None:
    masker = Masker(["hunter22", "hunter33", "hunter44"])
    options = ("hunter22", "hunter33", "*** (2)", "hunter44", "no")
    shown = shown_of(Question(subject="?", options=options, method="m"), masker).options
    assert shown == ("***", "*** (3)", "*** (2)", "*** (4)", "no")


def test_a_choice_that_is_made_already_is_shown_as_it_is_among_the_others() -> None:
    masker, choices = Masker(["hunter22", "hunter33"]), ["hunter22", "hunter33", "no"]
    params = {
        "one": {"value": "hunter33", "schema": {"enum": choices}},
        "some": {"value": ["no", "hunter33"], "schema": {"items": {"enum": choices}}},
    }
    shown = shown_of(Question(subject="?", options=("yes",), params=params, method="m"), masker).params
    assert shown["one"] == {"value": "*** (2)", "schema": {"enum": ["***", "*** (2)", "no"]}}
    assert shown["some"]["value"] == ["no", "*** (2)"]


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
