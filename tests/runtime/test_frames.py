"""Messages arrive whole, in order, and bounded."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import TooLarge
from scheduler.runtime.frames import FRAME_LIMIT, BadFrame, FrameReader, encode, in_frames
from scheduler.wire import ErrorInfo

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
messages = st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=5)


@given(messages, st.integers(1, 7))
def test_messages_do_not_depend_on_the_pieces_in_which_they_arrive(
    sent: list[dict[str, object]], step: int
) -> None:
    data = b"".join(map(encode, sent))
    reader = FrameReader()
    seen = [
        message for start in range(0, len(data), step) for message in reader.feed(data[start : start + step])
    ]
    assert seen == sent


def test_dataclasses_of_wire_travel_as_their_fields() -> None:
    (message,) = FrameReader().feed(encode({"error": ErrorInfo(type="E", message="m")}))
    assert message == {"error": {"type": "E", "message": "m", "traceback": "", "line": ""}}


def test_what_is_too_large_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TooLarge, match="the limit is 100 bytes"):
        encode({"text": "x" * 200}, limit=100)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", 2**31),
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 3) + b"\xff\xfe\xfd",
        struct.pack(">I", 200_000) + b"[" * 200_000,
    ],
    ids=["huge", "no object", "no JSON", "deep"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        list(FrameReader().feed(data))


@given(st.lists(st.text(max_size=30)), st.integers(2_000, 2_200))
def test_items_are_parted_so_that_each_list_fits_into_a_frame(items: list[str], limit: int) -> None:
    items = [each * 10 for each in items]
    parts = list(in_frames(items, limit))
    assert [each for part in parts for each in part] == items
    for part in parts:
        assert part
        encode({"name": part}, limit if len(part) > 1 else FRAME_LIMIT)
