"""Which iteration stands for a loop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.loops import after, iterations_after, newest


def test_the_newest_iteration_of_each_loop_stands_for_it():
    assert newest(["0", "10", "9"], 1) == ["10"]
    assert sorted(newest(["0.0", "0.1", "1.0", "2"], 2)) == ["0.1", "1.0", "2"]


def test_a_stem_gives_way_to_its_iterations():
    assert newest(["", "0", "1"], 1) == ["1"]
    assert newest(["1", "0", ""], 1) == ["1"]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=2), st.integers(0, 20))
def test_what_follows_is_newer_in_the_same_loop(above, index):
    path = ".".join(map(str, [*above, index]))
    assert newest([path, after(path)], len(above) + 1) == [after(path)]
    assert iterations_after(path, [path, after(path), "", f"9{path}"]) == [after(path)]
