"""Limits are held over all batches of runs, and what is over is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.loads import Loads
from tests.chaos.test_checker import entry, good, with_entries, with_history

__all__ = ["good"]


def another(case, *, later: float, run_moves: int = 0):
    """The same run again as another one of its DAG, so much later, and so many events further."""
    entries = [replace(each, at=each.at + later) for each in case.entries]
    runs = (replace(case.history.runs[0], run_id="other"),)
    moves = tuple(replace(move, id=move.id + run_moves) for move in case.history.moves)
    return with_history(replace(case, entries=entries), runs=runs, moves=moves)


@pytest.fixture
def loads(good):
    made = Loads()
    made.add(good)
    return made


def test_two_batches_count_together_where_they_overlap(good, loads):
    loads.add(another(good, later=0.5, run_moves=100))
    words = list(loads.close())
    assert "pool well: 4 at once, allowed are 2" in words
    assert "slots of worker w: 2 at once, allowed are 1" in words
    assert not [each for each in words if each.startswith(("runs of", "tasks of run"))]


def test_two_batches_one_after_the_other_exceed_nothing(good, loads):
    loads.add(another(good, later=60, run_moves=100))
    assert list(loads.close()) == []


def test_runs_at_once_are_counted_over_batches(good, loads):
    loads.add(another(good, later=60))
    assert list(loads.close()) == ["runs of d: 2 at once, allowed are 1"]


def test_what_goes_on_when_a_batch_is_settled_is_remembered_for_the_next(good, loads):
    assert list(loads.settle(before=105.6)) == []
    late = with_entries(
        another(good, later=60, run_moves=100), entry("begin", 2, 6), entry("end", 2, 6.2), without=2
    )
    loads.add(late)
    assert "pool well: 3 at once, allowed are 2" in list(loads.close())


def test_what_was_over_when_a_batch_was_settled_is_forgotten(good, loads):
    assert list(loads.settle(before=200)) == []
    loads.add(another(good, later=0.5, run_moves=100))
    assert list(loads.close()) == []
