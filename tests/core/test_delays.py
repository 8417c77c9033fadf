from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.delays import ERROR, bucket_of, middle_s, percentile_s

DELAYS = st.lists(st.integers(1, 86_400_000), min_size=1, max_size=60)


@given(st.floats(1, 1e9))
def test_a_bucket_tells_a_delay_within_the_error(delay_ms):
    assert abs(middle_s(bucket_of(delay_ms)) * 1000 - delay_ms) <= delay_ms * ERROR * 1.0001


@given(DELAYS, st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_that_of_the_delays_within_the_error(delays, share):
    exact = sorted(delays)[math.ceil(share * len(delays)) - 1] / 1000
    found = percentile_s(Counter(map(bucket_of, delays)), share)
    assert found == pytest.approx(exact, rel=ERROR * 1.0001)


def test_of_nothing_there_is_no_percentile():
    assert percentile_s({}, 0.5) is None


@pytest.mark.parametrize("delay_ms", [-5, 0, 0.3, 1])
def test_what_took_no_time_is_in_the_first_bucket(delay_ms):
    assert bucket_of(delay_ms) == 0
