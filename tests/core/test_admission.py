"""Admission: who may be queued, in which order, and what the others are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.admission import Candidate, Limits, Room, admit

PLENTY = Room(100)
START = datetime(2026, 11, 21, tzinfo=UTC)


def candidate(ti_id, **fields):
    given = {
        "run_pk": 1,
        "dag_id": "orders",
        "task_id": f"t{ti_id}",
        "queue": "default",
        "pool": "default_pool",
    }
    return Candidate(**{"ti_id": ti_id, "scheduled_at": START + timedelta(seconds=ti_id), **given, **fields})


def limits(pool=PLENTY, queue=PLENTY, **fields):
    return Limits(**{"pools": {"default_pool": pool}, "queues": {"default": queue}, **fields})


def ids(chosen):
    return [each.ti_id for each in chosen]


def reasons(admission):
    return {refused.candidate.ti_id: refused.reason for refused in admission.held}


def test_priority_goes_before_age_and_age_before_id():
    crowd = [candidate(1), candidate(2, priority=9), candidate(3, scheduled_at=START)]
    assert ids(admit(crowd, limits()).admitted) == [2, 3, 1]


def test_a_pool_admits_no_more_than_its_free_slots():
    result = admit([candidate(1, pool_slots=2), candidate(2), candidate(3)], limits(pool=Room(10, taken=7)))
    assert ids(result.admitted) == [1, 2]
    assert reasons(result) == {3: "pool 'default_pool' is full: 0 of 10 slots free, 1 needed"}
    assert result.full_pools == {"default_pool"}


def test_small_tasks_do_not_starve_a_large_one_that_is_before_them():
    result = admit([candidate(1, pool_slots=3), candidate(2)], limits(pool=Room(3, taken=1)))
    assert ids(result.admitted) == []
    assert result.full_pools == {"default_pool"}


def test_a_task_that_its_pool_could_never_hold_bars_nobody_and_says_so():
    result = admit([candidate(1, pool_slots=5), candidate(2)], limits(pool=Room(3)))
    assert ids(result.admitted) == [2]
    assert reasons(result) == {1: "it asks for 5 slots of pool 'default_pool', which has only 3"}
    assert result.full_pools == set()


def test_a_missing_pool_is_named():
    result = admit([candidate(1, pool="gpu")], limits())
    assert reasons(result) == {
        1: "there is no pool 'gpu': make it by `dirigent pools set`, or name another in the task"
    }


def test_a_run_admits_no_more_than_max_active_tasks_and_other_runs_go_on():
    crowd = [candidate(1), candidate(2), candidate(3, run_pk=2)]
    result = admit(crowd, limits(runs={1: Room(16, taken=15), 2: Room(16)}))
    assert ids(result.admitted) == [1, 3]
    assert reasons(result) == {2: "its run has 16 tasks in progress, its max_active_tasks"}
    assert result.full_runs == {1}


def test_a_queue_admits_what_its_workers_have_room_for():
    crowd = [candidate(1), candidate(2), candidate(3, queue="gpu")]
    result = admit(crowd, limits(queue=Room(1)))
    assert ids(result.admitted) == [1]
    assert reasons(result) == {
        2: "no worker of queue 'default' has a free slot",
        3: "no live worker listens to queue 'gpu'",
    }
    assert result.full_queues == {"default"}


def test_a_candidate_without_a_worker_takes_no_place_in_its_pool():
    result = admit([candidate(1, queue="gpu", pool_slots=3), candidate(2)], limits(pool=Room(2)))
    assert ids(result.admitted) == [2]


def test_a_task_admits_no_more_than_its_own_limits():
    crowd = [candidate(at, task_id="load", run_pk=at % 2, max_active_tis_per_dag=3) for at in range(4)]
    result = admit(crowd, limits(active_in_dag={("orders", "load"): 1}))
    assert ids(result.admitted) == [0, 1]
    assert reasons(result)[2] == "3 of this task in progress over all runs, its max_active_tis_per_dag"
    crowd = [candidate(at, task_id="load", path=str(at), max_active_tis_per_dagrun=1) for at in range(2)]
    result = admit(crowd, limits())
    assert ids(result.admitted) == [0]
    assert reasons(result) == {1: "1 of this task in progress in this run, its max_active_tis_per_dagrun"}


def test_limits_that_are_full_before_anyone_asks_are_reported_too():
    result = admit([], limits(pool=Room(1, taken=2), queue=Room(0), runs={7: Room(1, taken=1)}))
    assert result.full_pools == {"default_pool"}
    assert result.full_queues == {"default"}
    assert result.full_runs == {7}


crowds = st.lists(
    st.builds(
        candidate,
        st.integers(0, 1_000),
        run_pk=st.integers(1, 3),
        task_id=st.sampled_from("ab"),
        pool=st.sampled_from(["p", "q"]),
        pool_slots=st.integers(1, 4),
        queue=st.sampled_from(["x", "y"]),
        priority=st.integers(1, 3),
        max_active_tis_per_dag=st.one_of(st.none(), st.integers(0, 3)),
        max_active_tis_per_dagrun=st.one_of(st.none(), st.integers(0, 3)),
    ),
    unique_by=lambda each: each.ti_id,
    max_size=25,
)
rooms = st.builds(Room, st.integers(0, 8), st.integers(0, 8))
drawn_limits = st.builds(
    Limits,
    pools=st.fixed_dictionaries({"p": rooms, "q": rooms}),
    queues=st.fixed_dictionaries({"x": rooms, "y": rooms}),
    runs=st.fixed_dictionaries({1: rooms, 2: rooms}),
)


def free(room):
    return max(room.limit - room.taken, 0)


@given(crowds, drawn_limits)
def test_no_limit_is_ever_exceeded(crowd, bounds):
    admitted = admit(crowd, bounds).admitted
    for name, room in bounds.pools.items():
        assert sum(each.pool_slots for each in admitted if each.pool == name) <= free(room)
    for name, room in bounds.queues.items():
        assert sum(each.queue == name for each in admitted) <= free(room)
    for run_pk, room in bounds.runs.items():
        assert sum(each.run_pk == run_pk for each in admitted) <= free(room)
    for each in admitted:
        same = [other for other in admitted if other.task_id == each.task_id]
        if each.max_active_tis_per_dag is not None:
            earlier = [other for other in same if other.max_active_tis_per_dag is not None]
            assert earlier.index(each) < each.max_active_tis_per_dag


@given(crowds, drawn_limits)
def test_everyone_is_admitted_or_told_why_and_the_order_of_asking_does_not_matter(crowd, bounds):
    result = admit(crowd, bounds)
    assert sorted(ids(result.admitted) + list(reasons(result))) == sorted(ids(crowd))
    assert all(reasons(result).values())
    assert admit(reversed(crowd), bounds) == result


@given(crowds, drawn_limits)
def test_leaving_out_what_waits_for_a_full_limit_changes_nothing_for_the_others(crowd, bounds):
    result = admit(crowd, bounds)
    passed = {each.ti_id for each in result.admitted}
    rest = [
        each
        for each in crowd
        if each.ti_id in passed
        or not (
            each.pool in result.full_pools
            or each.queue in result.full_queues
            or each.run_pk in result.full_runs
        )
    ]
    assert admit(rest, bounds).admitted == result.admitted
