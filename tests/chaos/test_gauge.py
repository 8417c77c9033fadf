"""What stays flat, and what grows."""

from __future__ import annotations

from tests.chaos.gauge import ALLOWED_GROWTH, ALLOWED_MB, thirds


def grew(samples: list[float]) -> bool:
    return thirds(samples).grew(ALLOWED_GROWTH, ALLOWED_MB)


def test_what_grows_in_its_first_third_only_is_flat():
    assert not grew([20, 60, 90, 100, 101, 99, 100, 102, 98])


def test_what_grows_on_is_found_out():
    assert grew([100, 110, 120, 130, 140, 150, 160, 170, 180])


def test_single_peaks_are_noise():
    samples = [100.0] * 30
    samples[25] = 400
    assert not grew(samples)
    assert thirds(samples).most == 400
