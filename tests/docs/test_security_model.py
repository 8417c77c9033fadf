"""The security model names tests that there are."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "security-model.md").read_text()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[^`]+\.py)`", PAGE))))
def test_a_test_that_it_names_exists(path):
    assert (TOP / path).is_file()


def test_each_cannot_is_shown_by_a_test():
    rows = PAGE.split("| DAG code cannot |")[1].split("\n\n")[0].splitlines()[2:]
    assert rows
    assert [row for row in rows if "tests/" not in row] == []
