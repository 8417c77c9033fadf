"""What the child notes, and how it says so: as warnings whose kind is named after the rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from scheduler.testing.checks.rules import RULES

#: Notes of one file; a parse hands on a hundred warnings, and the file may give some itself.
MOST: Final = 80

Show = Callable[[str, type[Warning], str, int], object]
_KINDS: Final = {rule: type(rule, (Warning,), {}) for rule in RULES}


class Note(NamedTuple):
    """A finding with the absolute path of its file."""

    path: str
    line: int
    rule: str
    message: str


def tell(notes: Iterable[Note], show: Show) -> None:
    """Show each note once, by what showed warnings before the file could change that."""
    for note in list(dict.fromkeys(notes))[:MOST]:
        show(note.message, _KINDS[note.rule], note.path, note.line)
