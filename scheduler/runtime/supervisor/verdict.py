"""How an attempt ended, made of what its child said, what the kernel said, and what was asked of it. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from scheduler.clock import parse_instant
from scheduler.core.assets import check_said
from scheduler.questions import check_question
from scheduler.runtime import kernel
from scheduler.runtime.frames import EXIT_NO_CHANNEL
from scheduler.runtime.supervisor.bounds import Bounds, megabytes, memory_words, time_words
from scheduler.runtime.supervisor.link import Ended
from scheduler.shapes import check_shape
from scheduler.wire import Data, ErrorInfo, Job, Json, Outcome, outcome_from_data

_STRANGE_SIGTERM: Final = "ended by a SIGTERM that Dirigent did not send"
#: Seconds and bytes that every database can keep.
_MOST: Final = 2**53
#: Ten years: what comes back later lies outside of many calendars.
_LONGEST_S: Final = 10 * 365 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an attempt was told to end."""

    state: Literal["cancelled", "failed"]
    reason: str


@dataclass(slots=True)
class Evidence:
    """What became known of an attempt by its end."""

    job: Job
    started_at: datetime | None = None
    is_seated: bool = False  #: its file was imported; what it is lost by from here on is not its fault
    is_excused: bool = False  #: the base process died
    said: Outcome | None = None  #: by the child itself
    stop: Stop | None = None  #: asked before the child had said anything
    ended: Ended | None = None
    lost: str | None = None  #: why the kernel's word is missing
    error: ErrorInfo | None = None  #: of the import
    channel_fault: str | None = None
    refusal: str = ""  #: why this worker does not run it
    bounds: Bounds = field(default_factory=Bounds)
    excess: str = ""  #: what it used beyond its bounds, in words, where a process of it was killed for that
    memory_ran_out: bool = False  #: the kernel killed some process for want of memory meanwhile


def outcome_of(job: Job, message: Data) -> Outcome:
    """Read what a child said; whose outcome it is and what it took, is not for it to say.

    Raises KeyError, TypeError, ValueError or BadDag.
    """
    outcome = outcome_from_data(message["outcome"])
    check_shape(outcome)
    for at in (outcome.started_at, outcome.ended_at, outcome.reschedule_at):
        if at is not None:
            parse_instant(at)
    if outcome.retry_delay_s is not None and not 0 <= outcome.retry_delay_s <= _LONGEST_S:
        raise ValueError(f"a retry delay of {outcome.retry_delay_s} s")
    if outcome.question is not None:
        check_question(outcome.question)
    for said in outcome.assets or ():
        check_said(said)
    if outcome.state == "cancelled":
        # Only the supervisor cancels, and then its own word counts.
        outcome = replace(outcome, state="failed", retryable=True, reason=_STRANGE_SIGTERM)
    # What it took is for the kernel to say.
    return replace(
        outcome,
        attempt_id=job.attempt_id,
        epoch=job.epoch,
        exit_code=None,
        signal=None,
        cpu_s=0.0,
        peak_memory_bytes=0,
        rendered=None,
    )


def parting_of(message: Data) -> Ended | None:
    """Return how a child will have ended that leaves nobody behind; None where its end must be waited for."""
    if message.get("is_alone") is not True:
        return None
    return Ended(0, float(_amount(message["cpu_s"])), int(_amount(message["peak"])))


def _amount(value: Json) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise ValueError(f"an amount of {repr(value)[:80]}")
    return value


def judge(evidence: Evidence, now: datetime) -> Outcome:
    """Return the outcome: what the child said, unless it was told to stop or said nothing."""
    said = None if evidence.stop else evidence.said
    outcome = said or _made(evidence)
    return replace(
        outcome,
        reason=_with_limit(outcome, evidence),
        **_exit_facts(evidence.ended),
        started_at=outcome.started_at or _text(evidence.started_at),
        ended_at=outcome.ended_at or now.isoformat(),
    )


def _with_limit(outcome: Outcome, evidence: Evidence) -> str:
    """Return the reason; of a MemoryError, which has no text of its own, with the limit that it ran into."""
    limit, excess = evidence.bounds.memory_bytes, evidence.excess
    if excess and outcome.state == "failed" and excess not in outcome.reason:
        return f"{outcome.reason}; a process of it was killed: {excess}"
    if limit is None or outcome.error is None or outcome.error.type != "MemoryError":
        return outcome.reason
    used = min(limit, evidence.ended.peak_memory_bytes) if evidence.ended else 0
    return f"{outcome.reason}: {memory_words(used, evidence.bounds)}, and asked for more"


def _made(evidence: Evidence) -> Outcome:
    job = evidence.job
    reason = evidence.stop.reason if evidence.stop else death_words(evidence)
    return Outcome(
        attempt_id=job.attempt_id,
        epoch=job.epoch,
        state=_state(evidence),
        retryable=not evidence.refusal,
        reason=reason,
        error=evidence.error,
    )


def _state(evidence: Evidence) -> Literal["cancelled", "failed", "lost"]:
    if evidence.stop is not None:
        return evidence.stop.state
    is_blameless = evidence.is_seated or evidence.is_excused
    return "lost" if is_blameless and evidence.lost is not None else "failed"


def death_words(evidence: Evidence) -> str:
    """Say in one line why a child ended without an outcome."""
    if evidence.refusal:
        return evidence.refusal
    if evidence.error is not None:
        return f"{evidence.job.file} could not be imported: {evidence.error.line}"
    if evidence.lost is not None or evidence.ended is None:
        return evidence.lost or "lost"
    code = kernel.exit_code(evidence.ended.status)
    if evidence.channel_fault is not None:
        return f"killed, because {evidence.channel_fault}"
    if code == EXIT_NO_CHANNEL:
        return "could not tell how it ended: user code closed its channel to the supervisor"
    if code >= 0:
        return f"exited with code {code} without finishing"
    if excess := _excess(-code, evidence):
        return f"killed: {excess}"
    memory = "; the system was out of memory" if evidence.memory_ran_out and -code == 9 else ""
    return f"killed by {kernel.signal_name(-code)}{memory}"


def _excess(signum: int, evidence: Evidence) -> str:
    """Say what it used beyond its bounds, where it was killed for that."""
    limit_s, ended = evidence.bounds.cpu_s, evidence.ended
    if signum == signal.SIGKILL and evidence.excess:
        return evidence.excess
    # The second signal is for who lives on after the first.
    is_late = signum == signal.SIGXCPU or (
        signum == signal.SIGKILL and ended and limit_s and ended.cpu_s >= limit_s
    )
    return time_words(ended.cpu_s, limit_s) if ended and limit_s and is_late else ""


def storable(text: str) -> str:
    """Return a text that every database can keep: NUL, and what came of undecodable file names, are written out."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _exit_facts(ended: Ended | None) -> dict[str, Any]:
    if ended is None:
        return {}
    code = kernel.exit_code(ended.status)
    facts: dict[str, Any] = {"cpu_s": ended.cpu_s, "peak_memory_bytes": ended.peak_memory_bytes}
    return facts | ({"exit_code": code} if code >= 0 else {"signal": -code})


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def footer(outcome: Outcome) -> str:
    """Say how the attempt ended, and what it took."""
    reason = f": {outcome.reason.removesuffix('.')}" if outcome.reason else ""
    took = f"{outcome.cpu_s:.2f} s of CPU, {megabytes(outcome.peak_memory_bytes)} of memory at most"
    return f"Ended as {outcome.state}{reason}. {took}."
