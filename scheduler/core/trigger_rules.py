"""When a task may start, by the states of the tasks directly upstream of it: the 13 rules of Airflow 3.

A rule looks at a `Tally` and answers `Ready`, `Wait` or `Becomes`. A task with nothing upstream is always
ready.

Removed instances (gone from the graph of a rerun) count as done and as nothing else: no rule waits for them
and none counts them as a success, failure or skip. Airflow reads them so for mapped tasks; for plain ones it
leaves a run stuck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from scheduler.core.states import TaskState
from scheduler.errors import BadDag

_FAILURES: Final = frozenset({TaskState.FAILED, TaskState.UPSTREAM_FAILED})
_SKIPS: Final = frozenset({TaskState.SKIPPED})
_NOBODY: Final[frozenset[TaskState]] = frozenset()


@dataclass(frozen=True, slots=True)
class Ready:
    """The task may run now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The rule is open: more upstream tasks must finish first. `reason` is words such as "17 of 24 done"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Becomes:
    """The rule can no longer be met: the task becomes `state` (skipped or upstream_failed).

    `blame`: the upstream states that decided it, for a caller that wants to name the tasks; empty when it was
    a lack.
    """

    state: TaskState
    reason: str
    blame: frozenset[TaskState] = _NOBODY


Verdict: TypeAlias = Ready | Wait | Becomes
READY: Final = Ready()


class Tally(NamedTuple):
    """Upstream instances, counted. `total` counts unfinished ones too; `setups` setup tasks."""

    total: int
    success: int
    failed: int
    upstream_failed: int
    skipped: int
    removed: int
    setups: int = 0
    setup_success: int = 0
    setup_skipped: int = 0

    @property
    def done(self) -> int:
        """How many have finished, in whatever way."""
        return self.success + self.failed + self.upstream_failed + self.skipped + self.removed

    @property
    def failures(self) -> int:
        """How many failed, or could not run because something before them failed."""
        return self.failed + self.upstream_failed

    @property
    def is_finished(self) -> bool:
        """True once every one of them has finished."""
        return self.done >= self.total


def judge(
    rule: str, upstream: Mapping[TaskState, int], total: int, *, setups: Mapping[TaskState, int] | None = None
) -> Verdict:
    """Judge a trigger rule by the counts of upstream states.

    Unfinished ones may be left out of `upstream`; `total` counts them.
    `setups` counts the states of those upstream that are setup tasks, each of them also in `upstream`.
    Raises BadDag for a rule that does not exist.
    """
    decide = _RULES.get(rule)
    if decide is None:
        raise BadDag(f"There is no trigger_rule {rule!r}; use one of {', '.join(sorted(_RULES))}.")
    return decide(_tally(upstream, total, setups or {})) if total else READY


def judge_setups(states: Mapping[TaskState, int]) -> Verdict:
    """Judge what a task needs of setups that it does not wait for directly: each is to have succeeded."""
    total = sum(states.values())
    return _all_success(_tally(states, total, {})) if total else READY


def judge_scope(states: Mapping[TaskState, int]) -> Verdict:
    """Judge whether all is done between the setups of a teardown and itself."""
    return _all_done(_tally(states, sum(states.values()), {}))


def _tally(upstream: Mapping[TaskState, int], total: int, setups: Mapping[TaskState, int]) -> Tally:
    count = upstream.get
    return Tally(
        total,
        count(TaskState.SUCCESS, 0),
        count(TaskState.FAILED, 0),
        count(TaskState.UPSTREAM_FAILED, 0),
        count(TaskState.SKIPPED, 0),
        count(TaskState.REMOVED, 0),
        sum(setups.values()),
        setups.get(TaskState.SUCCESS, 0),
        setups.get(TaskState.SKIPPED, 0),
    )


# --- The rules ----------------------------------------------------------------------------------------------


def _all_success(seen: Tally) -> Verdict:
    if seen.failures:
        return _after_failure(seen)
    return _after_skip(seen) if seen.skipped else _when_finished(seen)


def _all_failed(seen: Tally) -> Verdict:
    if seen.success or seen.skipped:
        spared = frozenset({TaskState.SUCCESS, TaskState.SKIPPED})
        return _skip(f"{seen.success + seen.skipped} of {seen.total} upstream did not fail", spared)
    return _when_finished(seen)


def _all_done(seen: Tally) -> Verdict:
    return _when_finished(seen)


def _all_done_min_one_success(seen: Tally) -> Verdict:
    """Every upstream ran and one of them succeeded; under this rule, to be skipped is not to be done."""
    if seen.skipped:
        return _after_skip(seen)
    return _without_success(seen) if seen.is_finished and not seen.success else _when_finished(seen)


def _all_done_setup_success(seen: Tally) -> Verdict:
    if not seen.is_finished or not seen.setups:
        return _when_finished(seen)
    if seen.setup_skipped >= seen.setups:
        return _skip("every setup task upstream was skipped", _SKIPS)
    if not seen.setup_success:
        return Becomes(TaskState.UPSTREAM_FAILED, "no setup task upstream succeeded")
    return READY


def _one_success(seen: Tally) -> Verdict:
    if seen.success:
        return READY
    if not seen.is_finished:
        return _wait(seen, "succeeded")
    return _after_skip(seen) if seen.skipped == seen.done else _without_success(seen)


def _one_failed(seen: Tally) -> Verdict:
    if seen.failures:
        return READY
    return _skip("no upstream task failed") if seen.is_finished else _wait(seen, "failed")


def _one_done(seen: Tally) -> Verdict:
    """To be skipped or upstream_failed is not to have run."""
    if seen.success or seen.failed:
        return READY
    return _skip("no upstream task ran") if seen.is_finished else _wait(seen, "ran")


def _none_failed(seen: Tally) -> Verdict:
    return _after_failure(seen) if seen.failures else _when_finished(seen)


def _none_failed_min_one_success(seen: Tally) -> Verdict:
    if seen.failures:
        return _after_failure(seen)
    return _after_skip(seen) if seen.is_finished and not seen.success else _when_finished(seen)


def _none_skipped(seen: Tally) -> Verdict:
    return _after_skip(seen) if seen.skipped else _when_finished(seen)


def _all_skipped(seen: Tally) -> Verdict:
    if ran := seen.success + seen.failures:
        return _skip(f"{ran} of {seen.total} upstream not skipped", _FAILURES | {TaskState.SUCCESS})
    return _when_finished(seen)


def _always(seen: Tally) -> Verdict:
    return READY


_RULES: Final[Mapping[str, Callable[[Tally], Verdict]]] = {
    "all_success": _all_success,
    "all_failed": _all_failed,
    "all_done": _all_done,
    "all_done_min_one_success": _all_done_min_one_success,
    "all_done_setup_success": _all_done_setup_success,
    "one_success": _one_success,
    "one_failed": _one_failed,
    "one_done": _one_done,
    "none_failed": _none_failed,
    "none_failed_min_one_success": _none_failed_min_one_success,
    "none_skipped": _none_skipped,
    "all_skipped": _all_skipped,
    "always": _always,
}
RULES: Final = tuple(_RULES)
#: Rules that one more success upstream cannot decide while any other task upstream is unfinished.
UNMOVED_BY_SUCCESS: Final = frozenset(
    {
        "all_success",
        "all_done",
        "all_done_min_one_success",
        "all_done_setup_success",
        "none_failed",
        "none_failed_min_one_success",
        "none_skipped",
    }
)


# --- Their answers in words ---------------------------------------------------------------------------------


def _when_finished(seen: Tally) -> Verdict:
    return READY if seen.is_finished else Wait(f"{seen.done} of {seen.total} done")


def _wait(seen: Tally, what: str) -> Wait:
    return Wait(f"none of {seen.total} {what} yet, {seen.done} done")


def _after_failure(seen: Tally) -> Becomes:
    return Becomes(TaskState.UPSTREAM_FAILED, f"{seen.failures} of {seen.total} upstream failed", _FAILURES)


def _after_skip(seen: Tally) -> Becomes:
    return _skip(f"{seen.skipped} of {seen.total} upstream skipped", _SKIPS)


def _without_success(seen: Tally) -> Becomes:
    return Becomes(TaskState.UPSTREAM_FAILED, f"none of {seen.total} upstream succeeded", _FAILURES)


def _skip(reason: str, blame: frozenset[TaskState] = _NOBODY) -> Becomes:
    return Becomes(TaskState.SKIPPED, reason, blame)
