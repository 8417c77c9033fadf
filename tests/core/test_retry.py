"""Delays between tries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.retry import LONGEST_S, retry_in
from tests.core.graphs import task


def delay(try_number=1, chance=0.0, **fields):
    return retry_in(task("a", **fields), try_number, chance) / timedelta(seconds=1)


def test_without_a_factor_every_delay_is_the_same():
    assert [delay(number, retry_delay_s=30.0) for number in (1, 2, 9)] == [30, 30, 30]


def test_a_factor_multiplies_from_try_to_try():
    assert [delay(number, retry_delay_s=10.0, retry_backoff=2.0) for number in (1, 2, 3, 4)] == pytest.approx(
        [10, 20, 40, 80]
    )


def test_a_cap_bounds_a_growing_delay():
    assert delay(8, retry_delay_s=10.0, retry_backoff=3.0, max_retry_delay_s=60.0) == 60


def test_a_growing_delay_without_a_cap_of_its_own_stays_within_a_day():
    assert delay(1_000, retry_delay_s=10.0, retry_backoff=10.0) == 24 * 3600


def test_jitter_adds_up_to_its_fraction():
    assert delay(chance=0.5, retry_delay_s=100.0, retry_jitter=0.2) == 110


def test_at_the_cap_jitter_spreads_downward():
    capped = {"retry_delay_s": 100.0, "retry_jitter": 0.2, "max_retry_delay_s": 100.0}
    assert (delay(chance=0.0, **capped), delay(chance=1.0, **capped)) == (80, 100)


@given(
    st.integers(1, 1_000),
    st.floats(0, 1),
    st.floats(0, 1e300),
    st.one_of(st.just(0.0), st.floats(1, 1e6)),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 1e300)),
)
def test_no_delay_overflows_or_exceeds_its_cap(number, chance, first, factor, jitter, cap):
    fields = {
        "retry_delay_s": first,
        "retry_backoff": factor,
        "retry_jitter": jitter,
        "max_retry_delay_s": cap,
    }
    assert 0 <= delay(number, chance, **fields) <= min(LONGEST_S if cap is None else cap, LONGEST_S) + 1e-6
