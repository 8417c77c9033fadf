"""Comments that allow a finding."""

import pytest

from scheduler.testing.checks.comments import without_allowed
from scheduler.testing.checks.rules import found


def left(text, line, rule="slow-import"):
    return without_allowed([found("a.py", line, rule, "said")], {"a.py": text.encode()})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nimport pandas  # dirigent: ignore[slow-import]\n", 2),
        ("x = 1\n# dirigent: ignore[slow-import]\n\nimport pandas\n", 4),
        ("x = 1\nimport pandas  # dirigent: ignore[no-tags, slow-import]\n", 2),
        ('# dirigent: ignore[slow-import]\n"""Text."""\nimport pandas\n', 3),
    ],
    ids=["its line", "the next line of code", "several rules", "before the first code"],
)
def test_a_finding_is_left_out_where_a_comment_allows_it(text, line):
    assert not left(text, line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nimport pandas  # dirigent: ignore[no-tags]\n", 2),
        ("import numpy  # dirigent: ignore[slow-import]\nimport pandas\n", 2),
        ("x = 1\nimport pandas\n# dirigent: ignore[slow-import]\n", 2),
        ('x = "# dirigent: ignore[slow-import]"\n', 1),
        ("def broken(:\n", 1),
    ],
    ids=["another rule", "another line", "the line before", "a text", "a file that cannot be read"],
)
def test_a_finding_stays_elsewhere(text, line):
    assert left(text, line)


def test_a_comment_with_a_rule_that_does_not_exist_is_told():
    (said,) = without_allowed([], {"a.py": b"x = 1  # dirigent: ignore[slow-imports]\n"})
    assert (said.line, said.rule) == (1, "import-warning")
    assert "slow-imports" in said.message
