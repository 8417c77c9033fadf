"""How many slots waiting work asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.scaling import IDLE_S, Need, Occupied, Span, Waiting, admissible, resized


def waiting(count: int, *, run_pk: int = 1, run_limit: int = 16, pool_slots: int | None = None) -> Waiting:
    return Waiting("default", "default_pool", run_pk, run_limit, count, pool_slots or count)


def occupied(count: int, *, run_pk: int = 1) -> Occupied:
    return Occupied("default", "default_pool", run_pk, count, count)


def test_what_free_slots_alone_would_let_run_counts():
    assert admissible([waiting(5)], [], {"default_pool": 128}) == {"default": 5}


def test_what_max_active_tasks_holds_back_asks_for_no_slots():
    found = admissible([waiting(1000), waiting(3, run_pk=2)], [occupied(10)], {"default_pool": 128})
    assert found == {"default": 6 + 3}


def test_what_a_pool_holds_back_asks_for_no_slots():
    found = admissible([waiting(9, pool_slots=18)], [occupied(3, run_pk=2)], {"default_pool": 8})
    assert found == {"default": 2}


def test_a_pool_that_does_not_exist_lets_nothing_through():
    assert admissible([waiting(9)], [], {})["default"] == 0


def need(**given: int | float | None) -> Need:
    usual = {
        "slots": 4,
        "busy": 4,
        "waiting": 0,
        "idle_s": 0.0,
        "peak": 4,
        "free_bytes": None,
        "slot_bytes": 1,
    }
    return Need(**(usual | given))  # type: ignore[arg-type]


SPAN = Span(2, 16)


@pytest.mark.parametrize(("queued", "slots"), [(0, 4), (1, 5), (7, 11), (500, 16)])
def test_a_full_worker_grows_by_what_waits_up_to_its_ceiling(queued, slots):
    assert resized(SPAN, need(waiting=queued)) == slots


def test_a_worker_with_free_slots_does_not_grow_for_what_they_will_take():
    assert resized(SPAN, need(busy=1, waiting=3)) == 4


def test_it_grows_no_further_than_memory_lasts():
    assert resized(SPAN, need(waiting=10, free_bytes=300, slot_bytes=100)) == 7
    assert resized(SPAN, need(waiting=10, free_bytes=99, slot_bytes=100)) == 4


def test_free_slots_have_their_share_of_the_memory_already():
    assert resized(SPAN, need(busy=2, waiting=10, free_bytes=300, slot_bytes=100)) == 5


def test_an_idle_worker_falls_to_its_floor_after_a_while_and_not_before():
    assert resized(SPAN, need(busy=0, peak=0, idle_s=IDLE_S - 1)) == 4
    assert resized(SPAN, need(busy=0, peak=0, idle_s=IDLE_S)) == 2


def test_it_keeps_what_it_needed_lately():
    assert resized(SPAN, need(slots=9, busy=3, peak=5, idle_s=IDLE_S)) == 5


@given(
    st.integers(1, 40), st.integers(0, 40), st.integers(0, 10), st.integers(0, 90), st.integers(0, 40),
    st.none() | st.integers(0, 4000), st.integers(0, 40),
)  # fmt: skip
def test_slots_stay_within_the_span_and_never_below_what_runs(slots, busy, queued, idle_s, peak, free, extra):
    slots = max(slots, busy)
    wanted = need(
        slots=slots, busy=busy, waiting=queued, idle_s=idle_s, peak=peak, free_bytes=free, slot_bytes=100
    )
    found = resized(Span(2, 16), wanted)
    assert found >= busy
    assert found <= max(16, slots)
    if found > slots and free is not None:
        assert (found - busy) * 100 <= free + 100 * (slots - busy) * 2
