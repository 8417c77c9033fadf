"""What a nursery says of its children; user code may speak in its place."""

import pytest

from scheduler.runtime.supervisor.link import Ended, Refused, Started, read_note


@pytest.mark.parametrize("pid", [0, 1, -1, True, 2.0, "2", "+2", "1/../2", None, 2**31])
def test_no_child_is_a_process_that_means_others_to_the_kernel(pid):
    with pytest.raises((TypeError, ValueError), match=r"pid of Started cannot be|no child is process"):
        read_note({"note": "started", "id": 1, "pid": pid})


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"note": "started", "id": 1, "pid": 22}, Started(22)),
        ({"note": "refused", "id": 1, "reason": "no memory"}, Refused("no memory")),
        ({"note": "ended", "id": 1, "status": 9, "cpu_s": 0, "peak": 7}, Ended(9, 0, 7)),
        ({"note": "ready", "threads": 1}, None),
    ],
)
def test_notes_of_children_are_told_from_those_of_the_nursery_itself(told, read):
    assert read_note(told) == read
