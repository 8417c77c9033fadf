"""Plans of faults: made of a seed, printed, and carried out in order. The same seed makes the same plan."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from threading import Event
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is done, so many seconds after the plan begins."""

    at_s: float
    act: str
    target: str = ""

    def __str__(self) -> str:
        return f"{self.at_s:7.2f} s  {self.act} {self.target}".rstrip()


class Stage(Protocol):
    """Where faults are carried out: a method an act, called with the target."""

    def act(self, name: str, target: str) -> None:
        """Do it."""


def described(faults: Iterable[Fault]) -> str:
    """Return one line a fault."""
    return "\n".join(str(fault) for fault in faults)


def perform(faults: Iterable[Fault], stage: Stage, ended: Event | None = None) -> None:
    """Do each fault at its time, or as soon as those before it are done; leave off once `ended` is set."""
    pause = ended or Event()
    began = time.monotonic()
    for fault in sorted(faults):
        if pause.wait(max(0.0, began + fault.at_s - time.monotonic())):
            return
        stage.act(fault.act, fault.target)


def in_turn(rng: Random, act: str, targets: Iterable[str], *, every_s: float, for_s: float) -> list[Fault]:
    """One act on one target after the other, in an order that the seed shuffles anew for each round."""
    names = list(targets)
    faults: list[Fault] = []
    while len(faults) * every_s < for_s:
        rng.shuffle(names)
        faults += [
            Fault(round((len(faults) + 1 + number) * every_s, 2), act, name)
            for number, name in enumerate(names)
        ]
    return [fault for fault in faults if fault.at_s <= for_s]


@dataclass(frozen=True, slots=True)
class Choice:
    """A fault that a soak may choose: how often beside the others, and what undoes it after how long."""

    act: str
    weight: int
    targets: tuple[str, ...] = ("",)
    undone_by: str = ""
    after_s: tuple[float, float] = (0.0, 0.0)


def mixture(rng: Random, choices: Iterable[Choice], *, every_s: float, for_s: float) -> list[Fault]:
    """Faults of all kinds, about one every `every_s`; what is undone is undone before the end."""
    known = list(choices)
    faults: list[Fault] = []
    at_s = 0.0
    while (at_s := at_s + rng.expovariate(1 / every_s)) < for_s:
        choice = rng.choices(known, [each.weight for each in known])[0]
        faults += _made(rng, choice, at_s, for_s)
    return sorted(faults)


def _made(rng: Random, choice: Choice, at_s: float, for_s: float) -> list[Fault]:
    target = rng.choice(choice.targets)
    faults = [Fault(round(at_s, 2), choice.act, target)]
    if choice.undone_by:
        back_s = min(for_s, at_s + rng.uniform(*choice.after_s))
        faults.append(Fault(round(back_s, 2), choice.undone_by, target))
    return faults
