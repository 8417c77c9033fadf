"""Diagrams for the documentation, drawn from the tables of moves: `python -m scheduler.core.diagrams`."""

from __future__ import annotations

from collections.abc import Mapping, Set
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from scheduler.core.states import (
    ATTEMPT_MOVES,
    FINISHED,
    LIVE_ATTEMPT,
    RUN_FINISHED,
    RUN_MOVES,
    TASK_MOVES,
    AttemptState,
    RunState,
    TaskState,
)

_S = TypeVar("_S", bound=StrEnum)

PAGE: Final = Path(__file__).parents[2] / "docs" / "states.md"

_HEAD: Final = """\
# States

Drawn from the tables in `scheduler/core/states.py` by `python -m scheduler.core.diagrams`; a test holds them
together. The final states of tasks and runs open only to an explicit rerun or mark, which these diagrams
leave out.
"""


def states_page() -> str:
    """Return the Markdown page: one Mermaid diagram each for tasks, attempts and runs."""
    final_attempts = frozenset(AttemptState) - LIVE_ATTEMPT
    return "\n".join(
        [
            _HEAD,
            _section("Task instance", TASK_MOVES, TaskState.NONE, FINISHED),
            _section("Attempt", ATTEMPT_MOVES, AttemptState.QUEUED, final_attempts),
            _section("Run", RUN_MOVES, RunState.QUEUED, RUN_FINISHED),
        ]
    )


def _section(title: str, moves: Mapping[_S, Set[_S]], first: _S, final: Set[_S]) -> str:
    lines = [f"## {title}", "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for state, targets in moves.items():
        lines += _arrows(state, targets, final)
    return "\n".join([*lines, "```", ""])


def _arrows(state: StrEnum, targets: Set[StrEnum], final: Set[StrEnum]) -> list[str]:
    if state in final:
        return [f"    {state} --> [*]"]
    return [f"    {state} --> {target}" for target in sorted(targets)]


if __name__ == "__main__":
    PAGE.write_text(states_page())
