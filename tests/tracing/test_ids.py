from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scheduler.tracing.ids import TraceIds
from scheduler.wire import Job, RunInfo

JOB = Job(
    attempt_id=7,
    epoch=1,
    kind="task",
    code_root="/",
    file="a.py",
    run=RunInfo(
        dag_id="a", run_id="r", run_type="manual", logical_date=None, data_interval_start=None,
        data_interval_end=None, run_after="2026-01-01T00:00:00+00:00", conf={}, params={},
    ),
)  # fmt: skip


def test_every_process_of_an_installation_makes_the_same_ids_and_another_installation_makes_others():
    one, same, other = TraceIds(b"secret"), TraceIds(b"secret"), TraceIds(b"another")
    assert one.parent_header(JOB) == same.parent_header(JOB) != other.parent_header(JOB)


def test_the_header_names_trace_and_attempt_in_the_form_of_w3c():
    ids = TraceIds(b"secret")
    version, trace, span, flags = ids.parent_header(JOB).split("-")
    assert (version, flags) == ("00", "01")
    assert (int(trace, 16), int(span, 16)) == (ids.trace("a", "r"), ids.attempt(7))
    assert (len(trace), len(span)) == (32, 16)


def test_names_that_join_to_the_same_text_have_ids_of_their_own():
    ids = TraceIds(b"secret")
    assert ids.trace("a", "bc") != ids.trace("ab", "c")
    assert ids.task("a", "r", "t", "1") != ids.task("a", "r", "t1", "")


@given(st.integers(min_value=1, max_value=2**62))
def test_an_id_is_never_zero_and_fits(attempt_id):
    assert 0 < TraceIds(b"").attempt(attempt_id) < 2**64
    assert TraceIds(b"s").parent_header(replace(JOB, attempt_id=attempt_id)).count("-") == 3
