"""The tour: every task that a person does, by mouse and by keyboard, at a desk and on a phone, light and dark."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.webui.tour.conftest import IS_WHOLE
from tests.webui.tour.person import HANDS, SIZES, Mode, Person
from tests.webui.tour.tasks import TASKS, Steps

DOCS = Path(__file__).parents[3] / "docs/tour.md"

THEMES = ("light", "dark")


def _modes(number: int) -> list[Mode]:
    """Return the modes in which a task is done: all, or for every second task one, each mode in its turn."""
    modes = [Mode(*mode) for mode in product(HANDS, SIZES, THEMES)]
    if IS_WHOLE:
        return modes
    return [modes[number // 2 * 5 % len(modes)]] if number % 2 == 0 else []


DONE = [
    pytest.param(steps, mode, id=f"{name}-{mode}")
    for number, (name, steps) in enumerate(TASKS.items())
    for mode in _modes(number)
]


@pytest.mark.parametrize(("steps", "mode"), DONE)
def test_a_person_does_it(steps: Steps, person: Person) -> None:
    steps(person)


def test_the_docs_list_every_task():
    listed = [line.removeprefix("- ") for line in DOCS.read_text().splitlines() if line.startswith("- ")]
    assert listed == list(TASKS)
