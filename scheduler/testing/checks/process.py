"""What the check's supervisor executes: `python -m scheduler.testing.checks.process LIMIT_S CONTROL_FD`.

The base process of a server, whose children watch what they import.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scheduler.errors import BadDag
from scheduler.runtime.child.loading import load_file
from scheduler.runtime.child.root import serve_supervisor
from scheduler.runtime.child.user_code import USER_CODE
from scheduler.sdk.dag import DAG
from scheduler.sdk.variables import Reader
from scheduler.testing.checks import branches, places, reach, templates, wanted
from scheduler.testing.checks.notes import Note, tell
from scheduler.testing.checks.old_names import old_imports
from scheduler.testing.checks.watching import ImportWatch


def load_watched(code_root: str, file: str, reader: Reader, limit_s: float) -> dict[str, DAG]:
    """Import a file as `load_file` does, and tell as warnings what rules find."""
    # The file may put warnings away, or catch them, or give more of them than are passed on.
    show, heard = warnings.showwarning, list[tuple[Any, ...]]()
    warnings.showwarning = lambda *told: heard.append(told[:4])
    watch = ImportWatch(code_root, file, limit_s)
    dags: dict[str, DAG] = {}
    try:
        with watch:
            dags = load_file(code_root, file, watch.reader(reader))
        return dags
    finally:
        texts = dict(_texts(code_root, file))
        notes = [
            *_declared(list(dags.values()), texts),
            *watch.notes.values(),
            *_written(texts, dags, reader),
        ]
        tell(notes, show)
        for told in heard:
            show(*told)


def _texts(code_root: str, file: str) -> Iterator[tuple[str, ast.Module]]:
    """Return the file and the modules below the root that it loaded, read."""
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    own = {path for path in loaded if isinstance(path, str) and path.startswith(f"{code_root}/")}
    for path in sorted({*own, f"{code_root}/{file}"}):
        try:
            yield path, ast.parse(Path(path).read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue


def _declared(dags: Sequence[DAG], texts: dict[str, ast.Module]) -> Iterator[Note]:
    for dag in dags:
        try:
            dag.check_cycle()
        except BadDag:  # Describing the DAG says it.
            continue
        where = places.Places(dag.fileloc, texts.get(dag.fileloc))
        yield from branches.unknown(dag, where)
        yield from templates.bad(dag, where)
        if reach.rules_are_known(dag):
            for task_id, message in reach.words(dag, reach.never_run(dag)):
                yield Note(
                    dag.fileloc, where.of_task(dag.task_dict[task_id].label), "unreachable-task", message
                )
        if not dag.owner and not any(task.owner for task in dag.tasks):
            message = f"DAG {dag.dag_id!r} has no owner. Say who answers for it: owner=..."
            yield Note(dag.fileloc, where.of_dag(dag.dag_id), "no-owner", message)
        if not dag.tags:
            message = f"DAG {dag.dag_id!r} has no tags to find it by: tags=[...]"
            yield Note(dag.fileloc, where.of_dag(dag.dag_id), "no-tags", message)


def _written(texts: dict[str, ast.Module], dags: dict[str, DAG], reader: Reader) -> Iterator[Note]:
    made = {name for tree in texts.values() for name in wanted.made_in(tree)}
    for path, tree in texts.items():
        yield from old_imports(path, tree)
        yield from wanted.missing(wanted.wanted_in(path, tree), reader, made)
    for dag in dags.values():
        yield from wanted.missing(wanted.in_template_files(dag), reader, made)


def main() -> None:
    """Serve the supervisor."""
    limit_s = float(sys.argv.pop(1))

    def load(code_root: str, file: str, reader: Reader) -> dict[str, DAG]:
        return load_watched(code_root, file, reader, limit_s)

    serve_supervisor(replace(USER_CODE, load=load))


if __name__ == "__main__":
    main()
