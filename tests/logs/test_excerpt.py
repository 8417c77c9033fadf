"""Of a log that is longer than its copy may be, beginning and newest end are taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.excerpt import Excerpt

LIMIT = 200


@given(
    st.lists(
        st.tuples(st.lists(st.integers(1, 30), min_size=1, max_size=20), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_what_is_kept_is_true_to_its_position_within_the_bound_and_ends_with_the_newest_line(
    writes: list[tuple[list[int], bool]],
) -> None:
    excerpt, whole = Excerpt(LIMIT), b""
    kept: dict[int, bytes] = {}
    for sizes, is_taken in [*writes, ([5], True)]:
        data = b"".join(b"%02d" % (size % 100) + b"x" * size + b"\n" for size in sizes)
        excerpt.add(len(whole), data)
        whole += data
        if is_taken:
            pieces, dropped = excerpt.take()
            kept |= dict(pieces)
            for start in dropped:
                del kept[start]
            assert excerpt.size == 0
    assert all(whole[start : start + len(data)] == data for start, data in kept.items())
    assert all(start == 0 or whole[start - 1 : start] == b"\n" for start in kept)
    assert sum(map(len, kept.values())) <= LIMIT
    assert whole.startswith(kept.get(0, b""))
    last = max(kept)
    assert last + len(kept[last]) == len(whole)
    if len(whole) <= LIMIT // 2:
        assert b"".join(kept[start] for start in sorted(kept)) == whole
