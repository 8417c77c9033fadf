"""Interpreters other than the one that runs the tests."""

from __future__ import annotations

from pathlib import Path
from venv import EnvBuilder


def make_interpreter(folder: Path) -> str:
    """Make a virtual environment with one package, `rare`, and no Dirigent; return the path of its Python."""
    EnvBuilder(symlinks=True).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "rare.py").write_text("WORD = 'from afar'")
    return str(folder / "bin/python")
