"""`# dirigent: ignore[rule, ...]`: findings that the author knows of and allows.

At the end of a line it holds for that line, alone on a line for the next one that has code; before the first code of
a file it holds for the whole file.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from scheduler.testing.checks.rules import RULES, Finding, found

_COMMENT: Final = re.compile(r"#\s*dirigent:\s*ignore\[([^\]]*)\]")
_NO_CODE: Final = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.ENCODING, tokenize.INDENT,
                             tokenize.DEDENT, tokenize.ENDMARKER})  # fmt: skip


@dataclass(slots=True)
class Allowed:
    """What the comments of one file allow: rules of the whole file, and of lines."""

    everywhere: set[str] = field(default_factory=set)
    at: dict[int, set[str]] = field(default_factory=dict)
    unknown: list[tuple[int, str]] = field(default_factory=list)

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is allowed."""
        return finding.rule in self.everywhere or finding.rule in self.at.get(finding.line, ())


def read_comments(text: bytes) -> Allowed:
    """Read the comments of a file; one that cannot be read allows nothing."""
    allowed = Allowed()
    waiting: set[str] = set()
    has_code, code_line = False, 0
    try:
        for token in tokenize.tokenize(io.BytesIO(text).readline):
            if token.type == tokenize.COMMENT:
                rules = _rules(token, allowed)
                if token.start[0] == code_line:
                    allowed.at.setdefault(code_line, set()).update(rules)
                else:
                    waiting |= rules
                    allowed.everywhere |= set() if has_code else rules
            elif token.type not in _NO_CODE:
                allowed.at.setdefault(token.start[0], set()).update(waiting)
                waiting, has_code, code_line = set(), True, token.end[0]
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return allowed
    return allowed


def _rules(token: tokenize.TokenInfo, allowed: Allowed) -> set[str]:
    match = _COMMENT.match(token.string)
    rules = {each.strip() for each in match[1].split(",")} if match else set()
    allowed.unknown += [(token.start[0], each) for each in sorted(rules - RULES.keys())]
    return rules


def without_allowed(findings: Iterable[Finding], texts: Mapping[str, bytes]) -> list[Finding]:
    """Leave out what comments allow, and add comments that name no rule. `texts`: of the files checked."""
    allowed = {file: read_comments(text) for file, text in texts.items()}
    left = {each for each in findings if each.file not in allowed or not allowed[each.file].covers(each)}
    for file, comments in allowed.items():
        for line, rule in comments.unknown:
            left.add(found(file, line, "import-warning", _unknown(rule)))
    return sorted(left)


def _unknown(rule: str) -> str:
    return f"`# dirigent: ignore[{rule}]` names no rule; these are: {', '.join(RULES)}."
