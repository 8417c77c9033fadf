"""What holds for an attempt, of what its task asks for and what its worker gives."""

from __future__ import annotations

import math

import pytest

from scheduler.runtime.supervisor.bounds import NotGiven, Policy, bounds_of
from scheduler.wire import Isolation

MB = 1024 * 1024


def test_who_asks_for_nothing_where_nothing_is_set_has_no_bounds():
    assert bounds_of(None, Policy()).facts == {}


@pytest.mark.parametrize(
    ("asked", "default", "most", "limit", "source"),
    [
        (None, 100, None, 100, "DIRIGENT_ATTEMPT_MEMORY_MB"),
        (None, None, 200, 200, "DIRIGENT_ATTEMPT_MEMORY_MAX_MB"),
        (None, 300, 200, 200, "DIRIGENT_ATTEMPT_MEMORY_MAX_MB"),
        (150, 100, 200, 150, "memory_limit"),
        (50, 100, 200, 50, "memory_limit"),
        (300, 100, None, 300, "memory_limit"),
    ],
)
def test_memory_is_what_was_asked_for_or_what_the_worker_gives(asked, default, most, limit, source):
    policy = Policy(memory_bytes=default and default * MB, memory_max_bytes=most and most * MB)
    bounds = bounds_of(Isolation(memory_bytes=asked and asked * MB), policy)
    assert (bounds.memory_bytes, bounds.memory_source) == (limit * MB, source)


@pytest.mark.parametrize(
    ("asked", "default", "most", "cpus"),
    [(None, 2, None, 2), (None, None, 3, 3), (None, 4, 3, 3), (0.5, 2, 3, 0.5), (3, 2, 3, 3)],
)
def test_cores_are_what_was_asked_for_or_what_the_worker_gives(asked, default, most, cpus):
    assert bounds_of(Isolation(cpus=asked), Policy(cpus=default, cpus_max=most)).cpus == cpus


@pytest.mark.parametrize(
    "asked",
    [
        Isolation(memory_bytes=201 * MB),
        Isolation(memory_bytes=-1),
        Isolation(memory_bytes=0),
        Isolation(cpus=2.5),
        Isolation(cpus=-1.0),
        Isolation(cpus=math.inf),
        Isolation(cpu_s=-5),
        Isolation(cpu_s=math.inf),
        Isolation(python="python3"),
        Isolation(python="/usr\0/bin/python"),
        Isolation(python="\ud800"),
    ],
    ids=str,
)
def test_what_a_file_may_not_have_is_refused_even_if_it_passed_the_sdk_by(asked):
    with pytest.raises(NotGiven):
        bounds_of(asked, Policy(memory_max_bytes=200 * MB, cpus_max=2))
