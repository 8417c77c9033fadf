from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.spans import DAY, HOUR, MINUTE, floor, latest, span_of
from scheduler.errors import BadParams

NOW = datetime(2026, 11, 21, 14, 5, 30, tzinfo=UTC)
INSTANTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(INSTANTS, st.sampled_from([MINUTE, HOUR, DAY]))
def test_an_instant_is_in_the_span_that_begins_at_its_floor(at, width_s):
    assert timedelta(0) <= at - floor(at, width_s) < timedelta(seconds=width_s)
    assert floor(floor(at, width_s), width_s) == floor(at, width_s)


@given(INSTANTS, st.sampled_from([MINUTE, HOUR, DAY]), st.integers(1, 100))
def test_the_latest_spans_end_with_the_present_one(now, width_s, count):
    span = latest(width_s, count, now)
    assert span.starts[-1] <= now < span.end_at
    assert len(span.starts) == span.count == count
    assert span.before.end_at == span.start_at


@pytest.mark.parametrize(
    ("since", "until", "width_s", "start", "end"),
    [
        ("24h", "", HOUR, "2026-11-20T15:00", "2026-11-21T15:00"),
        ("1d", "", DAY, "2026-11-21T00:00", "2026-11-22T00:00"),
        ("7d", "", DAY, "2026-11-15T00:00", "2026-11-22T00:00"),
        ("2026-10-01", "2026-11-01", DAY, "2026-10-01T00:00", "2026-11-01T00:00"),
        ("2026-11-20", "", DAY, "2026-11-20T00:00", "2026-11-22T00:00"),
        ("2026-11-20", "9999-12-31", DAY, "2026-11-20T00:00", "2026-11-22T00:00"),
    ],
)
def test_a_span_is_read_in_whole_hours_or_days(since, until, width_s, start, end):
    span = span_of(since, until, NOW)
    assert (span.width_s, f"{span.start_at:%Y-%m-%dT%H:%M}", f"{span.end_at:%Y-%m-%dT%H:%M}") == (
        width_s,
        start,
        end,
    )


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("yesterday", "", "since='yesterday' is not understood: give 24h, 7d or a day such as 2026-11-01."),
        ("0d", "", "since='0d' is not understood"),
        ("\u0667d", "", "is not understood"),
        ("9999d", "", "since='9999d' is more than is kept: at most 359h or 730d."),
        ("360h", "", "more than is kept"),
        ("7d", "2026-11-01", "give it as a day to have it end before '2026-11-01'"),
        ("2026-11-01", "2026-11-01", "since='2026-11-01' is not before until='2026-11-01'."),
        ("2026-11-01", "soon", "until='soon' is not understood: give a day such as 2026-12-01."),
        ("2027-01-01", "", "since='2027-01-01' is not before now."),
    ],
)
def test_what_cannot_be_read_is_told(since, until, sentence):
    with pytest.raises(BadParams) as told:
        span_of(since, until, NOW)
    assert sentence in str(told.value)
