"""The examples of docs/authoring are whole files, and each of them runs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import scheduler
from scheduler.operators.taskflow import NamedTaskArguments
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.dag_arguments import DagArguments
from scheduler.sdk.rules import TriggerRule
from scheduler.sdk.variables import EnvironmentReader

PAGES = Path(__file__).parents[2] / "docs" / "authoring"
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in sorted(PAGES.glob("*.md"))
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL), start=1)
]


@pytest.mark.parametrize("source", EXAMPLES)
def test_an_example_loads_and_its_dags_succeed(source, tmp_path):
    (tmp_path / "example.py").write_text(source)
    dags = load_file(str(tmp_path), "example.py", EnvironmentReader())
    assert dags
    for dag in dags.values():
        assert dag.test(variables={"limit": "9"}).is_success


@pytest.mark.parametrize("source", [each for each in EXAMPLES if "assert" in str(each.values[0])])
def test_what_an_example_asserts_holds(source, tmp_path):
    """As a script, and its tests."""
    (tmp_path / "example.py").write_text(source)
    names = runpy.run_path(str(tmp_path / "example.py"), run_name="__main__")
    for name, value in names.items():
        if name.startswith("test_"):
            value()


def test_every_name_that_a_dag_file_can_import_is_described():
    text = " ".join(page.read_text() for page in PAGES.glob("*.md"))
    assert not {name for name in scheduler.__all__ if not re.search(rf"\b{name}\b", text)}


def test_every_trigger_rule_is_described():
    text = (PAGES / "order.md").read_text()
    assert not {rule for rule in TriggerRule if f"`{rule}`" not in text}


@pytest.mark.parametrize("arguments", [DagArguments, NamedTaskArguments])
def test_every_argument_is_described(arguments):
    text = (PAGES / "reference.md").read_text()
    assert not {name for name in arguments.__optional_keys__ if f"`{name}`" not in text}


def test_links_between_the_pages_lead_somewhere():
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (PAGES / target).exists(), f"{page.name} -> {target}"
