"""Servers read data as data: none makes objects of it, imports what it names, or renders its text as a template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import scheduler

TOP = Path(scheduler.__file__).parents[1]
#: Runs in children of servers, in the process of an author, or is what these import.
OF_CHILDREN = ("compat", "hooks", "operators", "runtime/child", "sdk", "sensors", "testing", "triggers")
#: Import what is a constant of theirs, or what an administrator installed.
OF_CONSTANTS = {
    "scheduler/__init__.py",
    "scheduler/cli/shell.py",
    "scheduler/dispatch/celery.py",
    "scheduler/plugins/loading.py",
}


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """The code that servers run, by its path."""
    children = tuple(str(TOP / "scheduler" / each) for each in OF_CHILDREN)
    files = [file for place in ("scheduler", "webui") for file in (TOP / place).rglob("*.py")]
    own = [file for file in files if not str(file).startswith(children)]
    return {file.relative_to(TOP).as_posix(): file.read_text() for file in own}


def naming(sources: dict[str, str], pattern: str) -> set[str]:
    return {path for path, text in sources.items() if re.search(pattern, text, re.MULTILINE)}


def test_no_server_reads_objects_out_of_data(sources):
    loaders = r"pickle|cloudpickle|dill|marshal|shelve|yaml|jsonpickle"
    assert len(sources) > 300
    assert naming(sources, rf"^\s*(import|from) ({loaders})\b") == set()
    assert naming(sources, r"(?<![.\w])(eval|exec|compile|__import__)\(") == set()


def test_no_server_imports_what_data_names(sources):
    assert naming(sources, r'import_module\((?!")') - OF_CONSTANTS == set()


def test_pages_render_templates_of_their_own_only(sources):
    assert naming(sources, r"render_template_string|from_string\(") == set()
