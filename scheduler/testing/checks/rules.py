"""The rules by their ids, and what one of them found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How much a finding matters; SARIF's words."""

    ERROR = "error"  #: it will not work
    WARNING = "warning"  #: it will work, and hurt
    NOTE = "note"  #: a hint


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for."""

    id: str
    level: Level
    text: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What a rule found. `file` is below the folder that was checked; line 1 stands for the whole file."""

    file: str
    line: int
    rule: str
    level: Level
    message: str


_ALL: Final = (
    Rule("import-error", Level.ERROR, "The file cannot be imported, takes too long, or ends its process."),
    Rule("bad-dag", Level.ERROR, "The file declares something that cannot work."),
    Rule("cycle", Level.ERROR, "Tasks wait for each other in a circle."),
    Rule("duplicate-dag", Level.ERROR, "A dag_id is declared twice."),
    Rule("unreachable-task", Level.ERROR, "The trigger rule of a task can never be met."),
    Rule("unknown-branch", Level.ERROR, "A branch names a task that does not exist."),
    Rule(
        "bad-template",
        Level.ERROR,
        "A template that Jinja cannot read, or the file of one that is not there.",
    ),
    Rule("missing-variable", Level.ERROR, "A variable that is read by its name does not exist."),
    Rule("missing-connection", Level.ERROR, "A connection that is read by its name does not exist."),
    Rule("missing-pool", Level.ERROR, "A task waits for a pool that does not exist."),
    Rule("missing-channel", Level.WARNING, "An alert is told to a channel that the settings do not name."),
    Rule("top-level-io", Level.WARNING, "The import of the file reaches out: network, programs, files."),
    Rule("slow-import", Level.WARNING, "The import of the file takes long."),
    Rule("deprecated", Level.WARNING, "A name or argument has a newer form."),
    Rule("import-warning", Level.WARNING, "The import of the file gives a warning."),
    Rule("top-level-variable", Level.NOTE, "The import of the file reads a variable or connection."),
    Rule("no-owner", Level.NOTE, "Nobody is named who answers for the DAG."),
    Rule("no-tags", Level.NOTE, "The DAG has no tags to find it by."),
)
RULES: Final = {rule.id: rule for rule in _ALL}


def found(file: str, line: int | None, rule: str, message: str, level: Level | None = None) -> Finding:
    """Return a finding, of the rule's own level where none is given."""
    return Finding(file, line or 1, rule, level or RULES[rule].level, message)
