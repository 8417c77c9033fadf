"""Each class of vulnerability that the page on security names is held by tests that there are."""

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "security.md").read_text()
TABLE = PAGE.split("## By class of vulnerability")[1].split("\n## ")[0]
ROWS = [row.strip("| ").split(" | ") for row in TABLE.splitlines() if row.startswith("| ")][1:]


def named(cell: str) -> list[tuple[str, str]]:
    """Return the tests that a cell names: file and function, which may be all of the file."""
    parts = re.findall(r"`(tests/[^`]+\.py)`(?::([^`]*))?", cell)
    return [
        (path, re.sub(r"\(.*?\)", "", words).strip(" ,").replace(" ", "_"))
        for path, told in parts
        for words in told.split(";")
        if words.strip(" ,") or not told
    ]


def test_each_class_names_tests_that_there_are():
    assert len(ROWS) == 18
    for kind, cell in ROWS:
        assert "CVE-" in kind
        assert named(cell), kind
        for path, function in named(cell):
            text = (TOP / path).read_text()
            assert f"def test_{function}" in text, f"{kind}: {path} has no {function}"


def test_each_file_that_it_names_exists():
    paths = set(re.findall(r"`(tests/[^`]+\.py)`", PAGE))
    assert [path for path in sorted(paths) if not (TOP / path).is_file()] == []
