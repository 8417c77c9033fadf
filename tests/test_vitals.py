"""Health is that each part of a process goes on."""

from __future__ import annotations

import pytest

from scheduler.vitals import HANGS_AFTER, INTERVALS, Vitals
from tests.monitoring.clocks import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def vitals(clock: HandClock) -> Vitals:
    return Vitals(clock.monotonic, 30)


def is_healthy(vitals: Vitals) -> bool:
    return not any(part.is_late for part in vitals.parts())


def test_a_part_that_makes_progress_is_healthy(clock, vitals):
    pulse = vitals.watch("scheduler", 1)
    clock.pass_time(30)
    assert is_healthy(vitals)
    pulse.beat()
    clock.pass_time(30)
    assert is_healthy(vitals)


def test_a_part_that_stops_is_late_by_name_until_it_goes_on(clock, vitals):
    pulse = vitals.watch("scheduler", 1)
    vitals.watch("worker", 1)
    clock.pass_time(20)
    pulse.beat()
    clock.pass_time(11)
    assert {part.name: part.words for part in vitals.parts()} == {
        "scheduler": "ok",
        "worker": "late since 31 s",
    }
    assert not is_healthy(vitals)


def test_a_loop_that_comes_round_in_vain_is_late_but_alive(clock, vitals):
    pulse = vitals.watch("scheduler", 1)
    clock.pass_time(30 * HANGS_AFTER + 1)
    pulse.turn()
    assert (is_healthy(vitals), vitals.is_alive) == (False, True)


def test_a_loop_that_does_not_come_round_hangs_after_much_longer(clock, vitals):
    vitals.watch("scheduler", 1)
    clock.pass_time(31)
    assert (is_healthy(vitals), vitals.is_alive) == (False, True)
    clock.pass_time(30 * HANGS_AFTER)
    assert not vitals.is_alive


def test_a_part_that_works_seldom_has_more_patience(clock, vitals):
    vitals.watch("messages", 60)
    clock.pass_time(60 * INTERVALS)
    assert is_healthy(vitals)
    clock.pass_time(1)
    assert not is_healthy(vitals)


def test_a_part_that_was_ended_on_purpose_is_not_missed(clock, vitals):
    vitals.watch("dag folder", 1)
    vitals.forget("dag folder")
    clock.pass_time(1000)
    assert (vitals.parts(), is_healthy(vitals), vitals.is_alive) == ([], True, True)
