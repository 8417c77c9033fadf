"""What the commands of servers take."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("16", "'16' is not of the form MAX,MIN, such as 16,2"),
        ("2,x", "'2,x' is not of the form MAX,MIN"),
        ("2,16", "'2,16': MIN must be 1 or more, and MAX no less than MIN"),
        ("4,0", "'4,0': MIN must be 1 or more"),
    ],
)
def test_a_span_of_slots_that_cannot_be_is_refused_by_its_value(dirigent, given, remedy):
    said = dirigent("worker", "--autoscale", given)
    assert (said.code, remedy in said.err) == (2, True), said.err


def test_slots_are_fixed_or_scaled_not_both(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_BROKER_URL", "redis://127.0.0.1:1/0")
    said = dirigent("worker", "--slots", "4", "--autoscale", "4,2")
    assert said.code == 2
    assert "give one of them" in said.err
