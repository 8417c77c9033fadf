"""Findings as SARIF 2.1.0."""

from jsonschema import Draft202012Validator

from scheduler.testing.checks.rules import RULES, found
from scheduler.testing.checks.sarif import to_sarif

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
#: What the schema of OASIS asks of the parts that are written here.
ESSENTIALS = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "invocations": {
                        "type": "array",
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {
                                "executionSuccessful": {"type": "boolean"},
                                "exitCode": {"type": "integer"},
                            },
                        },
                    },
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id"],
                                            "properties": {
                                                "shortDescription": TEXT,
                                                "help": TEXT,
                                                "defaultConfiguration": {"properties": {"level": LEVEL}},
                                            },
                                        },
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"enum": list(RULES)},
                                "ruleIndex": {"type": "integer", "minimum": 0, "maximum": len(RULES) - 1},
                                "level": LEVEL,
                                "message": TEXT,
                                "locations": {
                                    "items": {
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "properties": {
                                                            "uri": {
                                                                "type": "string",
                                                                "format": "uri-reference",
                                                            }
                                                        }
                                                    },
                                                    "region": {
                                                        "properties": {
                                                            "startLine": {"type": "integer", "minimum": 1}
                                                        }
                                                    },
                                                },
                                            }
                                        }
                                    }
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_findings_are_written_as_the_schema_asks():
    findings = [found("dags/a b.py", None, rule, "said") for rule in RULES]
    log = to_sarif(findings, "1.0")
    Draft202012Validator(ESSENTIALS).validate(log)
    (run,) = log["runs"]
    assert [each["level"] for each in run["results"]] == [str(rule.level) for rule in RULES.values()]
    assert {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]
    } == {"dags/a%20b.py"}
    ids = [run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] for each in run["results"]]
    assert ids == [each["ruleId"] for each in run["results"]]
