"""By when a run is to have succeeded: how that is counted, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.core.deadlines import Deadline, Facts, check_deadline, deadlines_of, due_at, next_at
from scheduler.errors import BadDag

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FACTS = Facts(logical_date=NOON - HOUR, queued_at=NOON, mean_s={(1, 5): 1800.0, (2, 2): None})


def wanted(reference, **more):
    return {"reference": reference, "interval_s": 3600.0, "name": "", **more}


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (wanted("logical_date"), NOON),
        (wanted("queued_at"), NOON + HOUR),
        (wanted("fixed", at="2026-12-24T00:00:00+00:00"), datetime(2026, 12, 24, 1, tzinfo=UTC)),
        (wanted("average_runtime", min_runs=1, max_runs=5), NOON + HOUR * 1.5),
        (wanted("own"), NOON),
        (wanted("average_runtime", min_runs=2, max_runs=2), None),
    ],
)
def test_a_deadline_is_counted_from_its_reference(data, at):
    check_deadline(data)
    assert due_at(data, FACTS) == at


def test_a_run_without_a_logical_date_has_no_deadline_counted_from_it():
    assert due_at(wanted("logical_date"), Facts(None, NOON, {})) is None


def test_the_next_that_waits_is_due_first():
    made = deadlines_of((wanted("queued_at"), wanted("logical_date", name="early")), FACTS)
    assert [(each.name, each.at) for each in made] == [("deadline 1", NOON + HOUR), ("early", NOON)]
    assert next_at(made) == NOON
    assert next_at(()) is None


def test_a_run_that_succeeded_by_then_has_met_it():
    deadline = Deadline(0, "d", NOON)
    assert deadline.judged(NOON) == "met"
    assert deadline.judged(NOON + HOUR) == deadline.judged(None) == "missed"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (wanted("moon"), "'moon', which nobody knows"),
        (wanted("queued_at", interval_s=float("nan")), "interval=nan s"),
        (wanted("queued_at", interval_s=1e300), "at most 100 years"),
        (wanted("average_runtime", min_runs=3, max_runs=2), "3 to 2 runs"),
        (wanted("average_runtime", min_runs=1, max_runs=10**9), "1 to 1000000000 runs"),
    ],
)
def test_a_deadline_that_a_child_made_up_is_refused(data, said):
    with pytest.raises(BadDag, match=said):
        check_deadline(data)
