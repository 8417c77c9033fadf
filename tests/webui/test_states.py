"""States are named in Python and in SVG, and the page is told of them: all name the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import webui
from scheduler.core.states import AttemptState, RunState, TaskState
from scheduler.store.views.grid import LOUDEST
from webui.pages.grid import LETTERS

ROOT = Path(webui.__file__).parent


def test_every_state_has_a_letter_of_its_own_and_its_place_among_the_loud_ones() -> None:
    assert set(LETTERS) == set(TaskState)
    assert len(set(LETTERS.values())) == len(LETTERS)
    assert sorted(LOUDEST) == sorted(state.value for state in TaskState)


def test_every_state_has_its_symbol() -> None:
    sprite = (ROOT / "templates" / "parts" / "sprite.html").read_text()
    symbols = set(re.findall(r'id="s-(\w+)"', sprite))
    assert {state.value for kind in (RunState, TaskState, AttemptState) for state in kind} <= symbols
