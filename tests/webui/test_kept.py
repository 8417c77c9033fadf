"""Answers are made anew when what they were made of is another, and not before."""

from __future__ import annotations

from itertools import count

from webui.kept import Kept


def test_an_answer_is_kept_until_its_source_changes() -> None:
    kept, numbers = Kept(), count()
    asked = [kept.get("q", source, lambda: next(numbers)) for source in (1, 1, 2, 2, 1)]
    assert asked == [0, 0, 1, 1, 2]


def test_questions_have_answers_of_their_own() -> None:
    kept = Kept()
    assert [kept.get(question, 1, question.upper) for question in "abab"] == list("ABAB")


def test_the_oldest_answers_make_room() -> None:
    kept, numbers = Kept(), count()
    for question in range(60):
        kept.get(question, 1, lambda: next(numbers))
    assert kept.get(59, 1, lambda: next(numbers)) == 59
    assert kept.get(0, 1, lambda: next(numbers)) == 60
