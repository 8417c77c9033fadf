"""Lines are chosen by level, source and logger."""

from __future__ import annotations

import pytest

from scheduler.logs.lines import DIRIGENT, LOGGING, STDERR, STDOUT, LogLine
from scheduler.logs.selection import Selection

LINES = (
    LogLine(None, "info", STDOUT, "printed"),
    LogLine(None, "warning", STDERR, "complained"),
    LogLine(None, "debug", LOGGING, "detail", logger="shop.prices"),
    LogLine(None, "error", LOGGING, "failed", logger="shopping"),
    LogLine(None, "critical", DIRIGENT, "lost"),
    LogLine(None, "loud", "", "damaged"),
)


@pytest.mark.parametrize(
    ("selection", "texts"),
    [
        (Selection(), ["printed", "complained", "detail", "failed", "lost", "damaged"]),
        (Selection(level="info"), ["printed", "complained", "failed", "lost", "damaged"]),
        (Selection(level="warning"), ["complained", "failed", "lost"]),
        (Selection(sources=frozenset({STDERR, DIRIGENT})), ["complained", "lost"]),
        (Selection(level="error", sources=frozenset({STDERR})), []),
        (Selection(logger="shop"), ["detail"]),
        (Selection(logger="shop.prices"), ["detail"]),
    ],
    ids=["all", "info", "warning", "sources", "both", "logger", "child logger"],
)
def test_a_selection_gives_the_lines_that_fit_all_of_it(selection: Selection, texts: list[str]) -> None:
    assert [line.text for line in selection.of(LINES)] == texts
