import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import BadSpan
from scheduler.tracing.user_spans import MOST_SPANS, read_user_spans

SPAN = {
    "name": "count orders",
    "scope": "shop",
    "span_id": "00000000000000aa",
    "parent_id": None,
    "start_ns": 1_000,
    "end_ns": 2_000,
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def test_a_span_is_read_and_what_is_too_long_is_cut():
    long = SPAN | {
        "name": "n" * 1_000,
        "attributes": {f"k{n}": "v" * 20_000 for n in range(200)} | {"big": 2**70},
        "events": [{"name": "e", "at_ns": 5}] * 200,
    }
    [span] = read_user_spans([long])
    assert len(span.name) == 250
    assert len(span.attributes) == len(span.events) == 128
    assert {len(value) for value in span.attributes.values()} == {10_000}


def test_no_text_of_a_span_can_lose_those_that_are_sent_with_it():
    half = "\ud800"
    texts = {"name": half, "scope": half * 1_000, "description": half * 20_000, "attributes": {half: [half]}}
    [span] = read_user_spans([SPAN | texts | {"events": [{"name": half, "at_ns": 5}]}])
    assert (span.name, span.attributes, span.events[0].name) == ("?", {"?": ["?"]}, "?")
    assert (len(span.scope), len(span.description)) == (250, 10_000)
    repr(span).encode()


def test_values_are_those_that_a_collector_takes():
    [span] = read_user_spans([SPAN | {"attributes": {"a": [1, "x", {"no": 1}], "b": {"c": 1}, "c": 2**70}}])
    assert span.attributes == {"a": [1, "x"], "b": "{'c': 1}", "c": str(2**70)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"span_id": "0"},
        {"span_id": "-1"},
        {"span_id": "f" * 17},
        {"parent_id": "no hex"},
        {"end_ns": -1},
        {"end_ns": 2**63},
        {"start_ns": 1.5},
        {"kind": "ODD"},
        {"status": 7},
        {"events": [{"name": "e"}]},
        {"attributes": 7},
    ],
)
def test_what_is_no_span_is_refused(wrong):
    with pytest.raises(BadSpan):
        read_user_spans([SPAN | wrong])


def test_a_message_holds_only_so_many():
    with pytest.raises(BadSpan, match=str(MOST_SPANS)):
        read_user_spans([SPAN] * (MOST_SPANS + 1))


@given(
    anything, st.dictionaries(st.sampled_from([*SPAN, "kind", "status", "attributes", "events"]), anything)
)
def test_whatever_a_child_sends_is_read_or_refused(found, changed):
    for each in (found, [found], [SPAN | changed]):
        try:
            read_user_spans(each)
        except BadSpan:
            continue
