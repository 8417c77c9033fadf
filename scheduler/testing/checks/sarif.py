"""Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from scheduler.testing.checks.rules import RULES, Finding, Level

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PAGE: Final = "docs/authoring/checking.md"


def to_sarif(findings: Sequence[Finding], version: str) -> Mapping[str, Any]:
    """Return a log of one run."""
    rules = list(RULES.values())
    index = {rule.id: place for place, rule in enumerate(rules)}
    driver = {
        "name": "dirigent dags check",
        "version": version,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.text},
                "help": {"text": f"{_PAGE}#{rule.id}"},
                "defaultConfiguration": {"level": str(rule.level)},
            }
            for rule in rules
        ],
    }
    results = [_result(each, index[each.rule]) for each in findings]
    has_errors = any(each.level is Level.ERROR for each in findings)
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "exitCode": int(has_errors)}],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding, rule_index: int) -> Mapping[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(finding.file)},
        "region": {"startLine": finding.line},
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": str(finding.level),
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
    }
