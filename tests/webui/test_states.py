"""States are named in three languages, Python, TypeScript and SVG: all name the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import webui
from scheduler.core.states import AttemptState, RunState, TaskState
from scheduler.store.views.grid import LOUDEST
from webui.pages.grid import LETTERS

ROOT = Path(webui.__file__).parent
SCRIPT = (ROOT / "frontend" / "src" / "states.ts").read_text()


def block(name: str) -> str:
    found = re.search(rf"const {name}\b[^=]*= [\[{{](.*?)[\]}}]", SCRIPT, re.DOTALL)
    assert found
    return found[1]


def test_the_pages_script_reads_the_letters_of_states_that_the_server_writes() -> None:
    read = dict(re.findall(r'"?([^\s"]+)"?: "(\w+)"', block("LETTERS")))
    assert read == {letter: state.value for state, letter in LETTERS.items()}
    assert set(LETTERS) == set(TaskState)


def test_the_loudest_state_of_many_is_the_same_for_a_mapped_task_and_for_a_folded_group() -> None:
    assert tuple(re.findall(r'"(\w+)"', block("LOUDEST"))) == LOUDEST
    assert set(LOUDEST) == {state.value for state in TaskState}


def test_every_state_has_its_symbol() -> None:
    sprite = (ROOT / "templates" / "parts" / "sprite.html").read_text()
    symbols = set(re.findall(r'id="s-(\w+)"', sprite))
    assert {state.value for kind in (RunState, TaskState, AttemptState) for state in kind} <= symbols
