"""The environment of another interpreter: nothing of the worker's Python, and the tools of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: They tell an interpreter where to find its modules: those of the worker's would not fit.
_OF_THE_WORKER: Final = frozenset(
    {"PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
)


def environment_of(python: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which `python` runs as if its virtual environment, if it is one, were activated."""
    passed = {name: value for name, value in environ.items() if name not in _OF_THE_WORKER}
    folder = Path(python).parent
    if not (folder.parent / "pyvenv.cfg").is_file():
        return passed
    path = f"{folder}:{passed['PATH']}" if passed.get("PATH") else str(folder)
    return passed | {"VIRTUAL_ENV": str(folder.parent), "PATH": path}
