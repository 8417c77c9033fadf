from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.cost import Amount, Prices, amount_of, rounded

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AMOUNTS = st.builds(Amount, *(st.integers(0, 10**15) for _ in range(3)))
PRICES = Prices(Decimal("0.12"), Decimal("0.007"), "USD")


@given(st.lists(AMOUNTS, max_size=20))
def test_the_cost_of_a_sum_is_the_sum_of_the_costs_to_the_last_digit(amounts):
    total = sum(amounts, Amount())
    priced = Prices(Decimal("0.36"), Decimal("0.0036"))
    assert priced.of(total) == sum((priced.of(each) or Decimal(0) for each in amounts), Decimal(0))


def test_an_hour_of_a_processor_and_of_a_gigabyte_cost_their_prices():
    hour = timedelta(hours=1)
    assert PRICES.of(amount_of(NOW, NOW + hour, 3600, 0)) == Decimal("0.12")
    assert PRICES.of(amount_of(NOW, NOW + hour, 0, 10**9)) == Decimal("0.007")
    assert amount_of(NOW, NOW + hour, 0, 10**9).gb_hours == 1


def test_what_is_not_known_and_what_clocks_turn_round_counts_as_nothing():
    assert amount_of(None, NOW, None, 5) == Amount()
    assert amount_of(NOW, NOW - timedelta(seconds=1), None, 10**9) == Amount()


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ("0", "0.00 USD"),
        ("12.345", "12.35 USD"),
        ("0.01", "0.01 USD"),
        ("0.004567", "0.0046 USD"),
        ("0.000099", "0.000099 USD"),
        ("0.00000000001", "0.000000000 USD"),
    ],
)
def test_small_costs_are_written_with_two_digits_that_count(cost, text):
    assert f"{rounded(Decimal(cost)):f} USD" == text


def test_without_prices_nothing_costs_anything_and_says_so():
    assert Prices().of(Amount(1, 1, 1)) is None
    assert Prices().words(Amount(1, 1, 1)) == ""
    assert PRICES.words(Amount(0, 3_600_000_000, 0)) == "0.12 USD"
