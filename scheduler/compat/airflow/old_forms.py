"""What is said of a form that is read in place of another: once for each file, with the line and the new form."""

from __future__ import annotations

import warnings
from typing import Final

from scheduler.sdk.location import author_place


class OldForm(DeprecationWarning):
    """A file of Airflow's says something that Dirigent reads otherwise, or passes over."""


_said: Final[set[tuple[str, str]]] = set()


def warn_of(form: str, remedy: str) -> None:
    """Warn at the author's line, unless this form was met in this file before."""
    file, line = author_place()
    if (file, form) not in _said:
        _said.add((file, form))
        warnings.warn_explicit(f"{form}: {remedy}", OldForm, file, line)


def start_anew() -> None:
    """Forget what was said: another file, or the same once more, is read."""
    _said.clear()
