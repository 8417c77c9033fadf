"""All DAGs of a folder, imported into this process from the files that a server would import."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scheduler.parsing.contents import may_declare_dags
from scheduler.parsing.scan import scan_folder
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.dag import DAG
from scheduler.sdk.variables import Reader


@dataclass(frozen=True, slots=True)
class LoadedFolder:
    """The DAGs by id, and what each file that does not load raised."""

    dags: dict[str, DAG] = field(default_factory=dict)
    broken: dict[str, BaseException] = field(default_factory=dict)


def load_folder(folder: Path, reader: Reader) -> LoadedFolder:
    """Import the DAG files; `reader` answers for the variables and connections that they read."""
    loaded = LoadedFolder()
    for file in scan_folder(folder).files:
        if file.endswith(".py") and may_declare_dags((folder / file).read_bytes()):
            try:
                loaded.dags.update(load_file(str(folder), file, reader))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a file of the user's raises
                loaded.broken[file] = error
    return loaded
