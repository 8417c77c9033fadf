"""A log colours its words on a terminal, and does nothing else to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.logs.lines import STDOUT, LogLine
from scheduler.logs.terminal import safe, shown


@pytest.mark.parametrize(
    ("text", "calm"),
    [
        ("plain\tzwölf", "plain\tzwölf"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
        ("\x1b[1;31mleft red", "\x1b[1;31mleft red\x1b[0m"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;cm0gLXJm\x1b\\after", "after"),
        ("\x1b]8;;http://x\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]never ended", ""),
        ("\x1b[2J\x1b[1;1Hcleared", "cleared"),
        ("\x9b2Jeight bits", "2Jeight bits"),
        ("\x1bPsixel\x1b\\\x1bcreset\x1b", "reset"),
        ("pay\u202egpj.exe \u2067x\u2069", "pay\ufffdgpj.exe \ufffdx\ufffd"),
        ("bell\x07 back\x08 nul\x00 return\r", "bell back nul return"),
    ],
    ids=repr,
)
def test_only_colours_get_through(text: str, calm: str) -> None:
    assert safe(text) == calm


@given(st.text(alphabet="\x1b[]m;0a\x07\\\x9b\x9c\x90P?2J\r\n\t"))
def test_whatever_is_printed_no_other_control_character_is_left(text: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!\[[0-9;]*m)", safe(text))


def test_a_line_is_shown_with_its_time() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert shown(LogLine(at, "info", STDOUT, "one")) == "03:04:05 one\n"
    assert shown(LogLine(None, "info", STDOUT, "one")) == "one\n"
