"""Importing a DAG file: the one place where the code of `dags/` is executed."""

from __future__ import annotations

import binascii
import importlib.util
import inspect
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final

from scheduler.compat.airflow import finder
from scheduler.errors import BadDag, DuplicateDag
from scheduler.sdk.dag import DAG, DECLARES
from scheduler.sdk.scope import collecting
from scheduler.sdk.variables import Reader, reading_from

#: Names the folder of plugins, where there are any.
FOLDER_OF_PLUGINS: Final = "DIRIGENT_PLUGINS_FOLDER"


def load_file(code_root: str, file: str, reader: Reader) -> dict[str, DAG]:
    """Import `file` below `code_root` and return the DAGs that it declares, by dag_id.

    Modules below `code_root` can be imported; `reader` answers for variables and connections. A DAG belongs
    to the file whose top-level code made it, by whatever factory; one that was imported from elsewhere does
    not. Whatever the file raises passes through.
    """
    prepare_imports(code_root)
    finder.forget()
    path = Path(code_root, file)
    with collecting() as declared, reading_from(reader):
        module = _execute(path, module_name(file))
    own = [dag for dag in declared if dag.fileloc == str(path) and _registers(dag, module)]
    if not own:
        _warn_of_uncalled(module)
    return _by_id(own, file)


def module_name(file: str) -> str:
    """Return the name under which a DAG file is imported: the same everywhere, and its alone."""
    return f"dirigent_dag_{binascii.crc32(file.encode()):08x}_{Path(file).stem}"


def prepare_imports(code_root: str) -> None:
    """Let modules below the root be imported, plugins, and names of other systems."""
    finder.install()
    if folder := os.environ.get(FOLDER_OF_PLUGINS):
        import_module("scheduler.plugins.in_children").install(folder)
    if code_root not in sys.path:
        sys.path.insert(0, code_root)


def _execute(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadDag(f"{path.name} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _warn_of_uncalled(module: ModuleType) -> None:
    """Tell of functions under `@dag` in a file that declares no DAG: most often their call was forgotten."""
    functions = [each for each in vars(module).values() if isinstance(each, FunctionType)]
    for each in functions:
        if each.__module__ == module.__name__ and vars(each).get(DECLARES):
            name, code = each.__name__, inspect.unwrap(each).__code__
            text = (
                f"{name} stands under @dag and is never called, so there is no DAG. Write {name}() below it."
            )
            warnings.warn_explicit(text, UserWarning, code.co_filename, code.co_firstlineno)


def _registers(dag: DAG, module: ModuleType) -> bool:
    return dag.auto_register or any(value is dag for value in vars(module).values())


def _by_id(dags: Sequence[DAG], file: str) -> dict[str, DAG]:
    found: dict[str, DAG] = {}
    for dag in dags:
        if dag.dag_id in found:
            raise DuplicateDag(dag.dag_id, file, file)
        found[dag.dag_id] = dag
    return found
