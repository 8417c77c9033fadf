"""How an attempt ended follows from what its child, the kernel and people said."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.errors import BadDag
from scheduler.runtime.supervisor.link import Ended
from scheduler.runtime.supervisor.verdict import (
    Evidence,
    Stop,
    footer,
    judge,
    outcome_of,
    parting_of,
    storable,
)
from scheduler.wire import ErrorInfo, Job, Outcome
from tests.runtime.conftest import RUN, Crew
from tests.runtime.processes import wait_until

NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
JOB = Job(attempt_id=7, epoch=2, kind="task", code_root="/code", file="shop.py", run=RUN, task_id="load")
SAID = Outcome(attempt_id=7, epoch=2, state="success", xcoms={"return_value": 1})
STOP = Stop("cancelled", "cancelled by ann")


def exited(code: int) -> Ended:
    return Ended(status=code << 8, cpu_s=0.5, peak_memory_bytes=20_000_000)


def killed(signum: int) -> Ended:
    return Ended(status=signum, cpu_s=0.5, peak_memory_bytes=20_000_000)


@pytest.mark.parametrize(
    ("evidence", "state", "reason"),
    [
        (Evidence(JOB, said=SAID, ended=exited(0)), "success", ""),
        (Evidence(JOB, said=SAID, ended=killed(9)), "success", ""),
        (Evidence(JOB, said=SAID, stop=STOP, ended=exited(0)), "cancelled", "cancelled by ann"),
        (Evidence(JOB, stop=STOP), "cancelled", "cancelled by ann"),
        (Evidence(JOB, ended=exited(0)), "failed", "exited with code 0 without finishing"),
        (Evidence(JOB, ended=killed(11)), "failed", "killed by SIGSEGV"),
        (Evidence(JOB, ended=killed(9)), "failed", "killed by SIGKILL"),
        (
            Evidence(JOB, ended=killed(9), memory_ran_out=True),
            "failed",
            "killed by SIGKILL; the system was out of memory",
        ),
        (Evidence(JOB, ended=killed(11), memory_ran_out=True), "failed", "killed by SIGSEGV"),
        (
            Evidence(JOB, is_seated=True, lost="its preloader was killed by SIGKILL"),
            "lost",
            "its preloader was killed by SIGKILL",
        ),
        (Evidence(JOB, lost="could not be started: no memory"), "failed", "could not be started: no memory"),
        (
            Evidence(JOB, error=ErrorInfo(type="E", message="m", line="E: m (dags/shop.py:3)")),
            "failed",
            "shop.py could not be imported: E: m (dags/shop.py:3)",
        ),
        (
            Evidence(JOB, channel_fault="a frame holds no JSON", ended=killed(9)),
            "failed",
            "killed, because a frame holds no JSON",
        ),
    ],
)
def test_the_verdict(evidence: Evidence, state: str, reason: str) -> None:
    outcome = judge(evidence, NOW)
    assert (outcome.attempt_id, outcome.epoch) == (7, 2)
    assert (outcome.state, outcome.reason) == (state, reason)
    assert outcome.ended_at == NOW.isoformat()


def test_the_kernels_measures_count() -> None:
    outcome = judge(Evidence(JOB, said=replace(SAID, cpu_s=9.0), ended=exited(0)), NOW)
    assert (outcome.cpu_s, outcome.peak_memory_bytes, outcome.exit_code) == (0.5, 20_000_000, 0)
    assert footer(outcome) == "Ended as success. 0.50 s of CPU, 19 MB of memory at most."


def test_whose_outcome_it_is_is_not_for_the_child_to_say() -> None:
    outcome = outcome_of(JOB, {"outcome": {"attempt_id": 1, "epoch": 9, "state": "success"}})
    assert (outcome.attempt_id, outcome.epoch) == (7, 2)


@pytest.mark.parametrize(
    "said",
    [
        {"state": "won"},
        {"state": ["success"]},
        {"reason": 5},
        {"retryable": "no"},
        {"started_at": "x"},
        {"ended_at": "2026-01-01T00:00:00"},
        {"reschedule_at": "9999-12-31T23:59:59-23:00"},
        {"xcoms": [1]},
        {"skip_tasks": [None]},
        {"error": {"type": 5, "message": "", "traceback": "", "line": ""}},
        {"error": [1]},
    ],
    ids=str,
)
def test_an_outcome_that_could_not_be_recorded_is_refused(said: dict[str, object]) -> None:
    good = {"attempt_id": 1, "epoch": 1, "state": "success"}
    assert outcome_of(JOB, {"outcome": good}).state == "success"
    with pytest.raises((KeyError, TypeError, ValueError)):
        outcome_of(JOB, {"outcome": good | said})


@pytest.mark.parametrize("message", [{}, {"outcome": {}}, {"outcome": 5}])
def test_what_is_no_outcome_is_refused(message: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        outcome_of(JOB, message)


def test_what_an_attempt_took_is_not_for_it_to_say() -> None:
    claimed = {"exit_code": 10**30, "signal": -1, "cpu_s": 1e300, "peak_memory_bytes": 10**30}
    outcome = outcome_of(JOB, {"outcome": {"attempt_id": 1, "epoch": 1, "state": "success"} | claimed})
    assert (outcome.exit_code, outcome.signal, outcome.cpu_s, outcome.peak_memory_bytes) == (None, None, 0, 0)


@pytest.mark.parametrize(
    ("cpu_s", "peak"), [(float("nan"), 1), (float("inf"), 1), (1, 10**30), (-1, 1), ("1", 1)]
)
def test_an_amount_that_cannot_be_is_refused(cpu_s: object, peak: object) -> None:
    with pytest.raises(ValueError, match="an amount of"):
        parting_of({"is_alone": True, "cpu_s": cpu_s, "peak": peak})


MEMORY_GROUPS = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def small_group() -> Iterator[Path]:
    """Make a control group of 60 MB, in which the kernel kills what takes more."""
    group = MEMORY_GROUPS / f"dirigent-test-{os.getpid()}"
    group.mkdir()
    (group / "memory.limit_in_bytes").write_text("60000000")
    yield group
    wait_until(lambda: not (group / "tasks").read_text())
    group.rmdir()


# Only root can do this, and only with control groups of version 1; the words themselves are held above.
if os.access(MEMORY_GROUPS, os.W_OK) and os.getuid() == 0:

    def test_a_process_that_the_kernel_kills_for_want_of_memory_is_said_to_be(
        make_crew: Callable[..., Crew], small_group: Path
    ) -> None:
        outcome = make_crew().run_code(
            f"""
            import os
            def task():
                open("{small_group}/tasks", "w").write(str(os.getpid()))
                bytearray(200_000_000)
            """
        )
        assert (outcome.state, outcome.signal) == ("failed", signal.SIGKILL)
        assert outcome.reason == "killed by SIGKILL; the system was out of memory"


def test_words_hold_nothing_that_a_database_refuses():
    assert storable("no file \udcff\0, grüße 🙂") == r"no file \udcff\x00, grüße 🙂"


_ASKED = {"subject": "Go?", "options": ["yes", "no"], "method": "m"}


@pytest.mark.parametrize(
    "question",
    [
        None,
        [],
        {"options": ["yes"], "method": "m"},
        _ASKED | {"subject": 5},
        _ASKED | {"subject": "x" * 1_001},
        _ASKED | {"body": "x" * 100_001},
        _ASKED | {"options": [1]},
        _ASKED | {"options": []},
        _ASKED | {"options": ["\0"]},
        _ASKED | {"options": [str(number) for number in range(101)]},
        _ASKED | {"defaults": ["maybe"]},
        _ASKED | {"multiple": "no"},
        _ASKED | {"params": {"a": 5}},
        _ASKED | {"params": {"a": {"schema": [1]}}},
        _ASKED | {"params": {"a": {"value": "x" * 100_001}}},
        _ASKED | {"assigned_users": [{"name": "Ada"}]},
        _ASKED | {"assigned_users": ["ada"]},
        _ASKED | {"timeout_s": -1},
        _ASKED | {"timeout_s": 1e300},
        _ASKED | {"timeout_s": float("nan")},
    ],
    ids=lambda each: repr(each)[:60],
)
def test_a_question_that_could_not_be_kept_or_shown_is_refused(question: object) -> None:
    said = {"attempt_id": 1, "epoch": 1, "state": "awaiting_input"}
    assert outcome_of(JOB, {"outcome": said | {"question": _ASKED}}).question is not None
    with pytest.raises((KeyError, TypeError, ValueError)):
        outcome_of(JOB, {"outcome": said | {"question": question}})
    with pytest.raises(ValueError, match="says what it asks"):
        outcome_of(JOB, {"outcome": said | {"state": "success", "question": _ASKED}})


_OF = {"of": ["alias", "daily"]}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"of": 5},
        {"of": ["name", 5]},
        _OF | {"extra": [1]},
        _OF | {"partition_keys": "mon"},
        _OF | {"partition_keys": [""]},
        _OF | {"partition_keys": [str(number) for number in range(10_001)]},
        _OF | {"asset": "s3://a"},
        _OF | {"asset": {"asset": "a", "uri": 5}},
        _OF | {"asset": {"asset": "a", "extra": 5}},
        _OF | {"asset": {"asset": "a", "freshness": {"fail_s": "soon"}}},
        _OF | {"asset": {"all": [{"asset": "a"}]}},
        _OF | {"check": {"passed": True}},
        _OF | {"check": {"passed": 1, "description": "", "metadata": {}}},
    ],
    ids=lambda each: repr(each)[:60],
)
def test_what_nobody_could_say_of_an_asset_is_refused(said: dict[str, object]) -> None:
    outcome = {"attempt_id": 1, "epoch": 1, "state": "success"}
    declared = {"asset": "a", "uri": "s3://a", "extra": {}, "freshness": {"fail_s": 60}}
    good = _OF | {"asset": declared, "extra": {"rows": 1}}
    assert outcome_of(JOB, {"outcome": outcome | {"assets": [good]}}).assets == (good,)
    with pytest.raises(BadDag):
        outcome_of(JOB, {"outcome": outcome | {"assets": [said]}})
