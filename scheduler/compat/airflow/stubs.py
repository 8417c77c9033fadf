"""Stubs by which editors and type checkers find Airflow's names: each is where Dirigent has it.

They are written into a folder on request, and not installed: a package of stubs would hide the types of an Airflow that
is installed beside Dirigent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from scheduler.compat.airflow.tables import MODULES, PACKAGES, Home, is_package
from scheduler.errors import BadParams

_HEAD: Final = '"""Names of Airflow\'s, as Dirigent has them; written by `dirigent stubs`."""\n\n'


def write_stubs(folder: Path) -> int:
    """Write a file for each module that a DAG file can import, below `folder`; return how many.

    Raises BadParams where a symbolic link below it would lead elsewhere.
    """
    names = sorted({*MODULES, *PACKAGES})
    for name in names:
        file = _file(folder, name)
        _check_plain(folder, file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(stub_of(MODULES.get(name, {})), encoding="utf-8")
    return len(names)


def _check_plain(folder: Path, file: Path) -> None:
    below = file.relative_to(folder).parts
    for count in range(1, len(below) + 1):
        if (part := folder.joinpath(*below[:count])).is_symlink():
            raise BadParams(f"{part} is a symbolic link: delete it, or choose another folder for the stubs.")


def stub_of(names: Mapping[str, Home]) -> str:
    """Return the text of one stub."""
    imports = sorted({_import(name, home) for name, home in names.items() if not home.lacks})
    classes = [_lacking(name, home) for name, home in sorted(names.items()) if home.lacks]
    head = ["from typing import Any\n"] if classes else []
    return _HEAD + "\n".join([*head, *imports, *classes]) + "\n"


def _file(folder: Path, name: str) -> Path:
    place = folder.joinpath(*name.split("."))
    return place / "__init__.pyi" if is_package(name) else place.with_suffix(".pyi")


def _import(name: str, home: Home) -> str:
    if name == "*":
        return f"from {home.module} import *"
    package, _, module = home.module.rpartition(".")
    source, there = (package, module) if home.name == "." else (home.module, home.name or name)
    if there == name:
        return f"from {source} import {name} as {name}" if source else f"import {name} as {name}"
    # Under another name an import is a stub's own: only `x as x` hands it on.
    found = f"from {source} import {there} as _{name}" if source else f"import {there} as _{name}"
    return f"{found}\n{name} = _{name}"


def _lacking(name: str, home: Home) -> str:
    return "\n".join(_lines_of_lacking(name, home))


def _lines_of_lacking(name: str, home: Home) -> Iterator[str]:
    yield f"\nclass {name}(Any):"
    yield f'    """Dirigent has no {home.lacks} yet."""'
    yield "    def __init__(self, *args: Any, **kwargs: Any) -> None: ..."
