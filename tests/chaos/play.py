"""Plays one scenario and judges what came of it."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.chaos.arena import Arena, arena
from tests.chaos.checker import Violation
from tests.chaos.needs import missing
from tests.chaos.scenarios.scenario import Scenario

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario."""

    scenario: str
    broker: str
    seed: int
    seconds: float
    facts: str
    violations: tuple[Violation, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """In a word."""
        if self.missing:
            return f"not played: needs {'; '.join(self.missing)}"
        return f"{len(self.violations)} breaches" if self.violations else "kept"


def play(scenario: Scenario, broker: str, seed: int, *, keeps: bool = False) -> Result:
    """Play a scenario; what its servers printed stays in its folder where a promise was broken, or on demand."""
    sys.stdout.write(f"\n{scenario.name} on {broker}, seed {seed}: {scenario.shows}\n")
    if lacking := missing(scenario.needs):
        sys.stdout.write(f"  not played: it needs {'; '.join(lacking)}\n")
        return Result(scenario.name, broker, seed, 0, "", (), tuple(lacking))
    folder = Path(tempfile.mkdtemp(prefix="dirigent-chaos-"))
    began = time.monotonic()
    facts, violations = _play(scenario, broker, seed, folder / "shop")
    seconds = time.monotonic() - began
    for violation in violations[:_SHOWN]:
        sys.stdout.write(f"  BROKEN {violation.rule}: {violation.words}\n")
    if violations or keeps:
        sys.stdout.write(f"  what the servers printed: {folder}\n")
    else:
        shutil.rmtree(folder)
    result = Result(scenario.name, broker, seed, seconds, facts, tuple(violations))
    sys.stdout.write(
        f"{scenario.name} on {broker}, seed {seed}: {result.verdict} ({seconds:.0f} s; {facts})\n"
    )
    sys.stdout.flush()
    return result


def _play(scenario: Scenario, broker: str, seed: int, folder: Path) -> tuple[str, list[Violation]]:
    facts = ""
    violations: list[Violation] = []
    try:
        settings = {"lease_s": str(scenario.lease_s), **dict(scenario.settings)}
        with arena(folder, broker, Random(seed), pooled=scenario.pooled, **settings) as made:
            facts, violations = _judged(scenario, made)
    except AssertionError as error:
        violations.append(Violation("left in order", str(error)))
    return facts, violations


def _judged(scenario: Scenario, made: Arena) -> tuple[str, list[Violation]]:
    broken = []
    trial = made.open_trial(
        skew_s=scenario.skew_s,
        fails=scenario.fails,
        forgiven=scenario.forgiven,
        asked=made.asked,
        lease_s=scenario.lease_s,
    )
    try:
        scenario.play(made)
    except AssertionError as error:
        broken.append(Violation("comes to its end", str(error)))
    trial.close(made.acknowledged)
    return trial.facts, broken + trial.violations


def table(results: Iterable[Result]) -> str:
    """Return the results as rows for a page."""
    rows = [
        f"| {each.scenario} | {each.broker} | {each.seed} | {each.verdict} | {each.seconds:.0f} s; {each.facts} |"
        for each in results
    ]
    return "\n".join(["", "| scenario | broker | seed | promises | |", "|---|---|---|---|---|", *rows, ""])
