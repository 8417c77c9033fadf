"""`DagBag`: the DAGs of a folder, loaded in this process; for tests that look at all of them."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from scheduler.sdk.dag import DAG
from scheduler.sdk.variables import EnvironmentReader


class DagBag:
    """Loads the files of a folder, or one file; what does not load is in `import_errors`, by file."""

    def __init__(
        self, dag_folder: str | Path | None = None, include_examples: bool = False, **_more: Any
    ) -> None:
        self.dag_folder = str(dag_folder or os.environ.get("DIRIGENT_DAGS_FOLDER", "dags"))
        self.dags: dict[str, DAG] = {}
        self.import_errors: dict[str, str] = {}
        self.collect_dags(self.dag_folder)

    @property
    def dag_ids(self) -> list[str]:
        """Ids of all DAGs."""
        return list(self.dags)

    def size(self) -> int:
        """Return how many DAGs there are."""
        return len(self.dags)

    def get_dag(self, dag_id: str, session: Any = None) -> DAG | None:
        """Return one, or None."""
        return self.dags.get(dag_id)

    def collect_dags(self, dag_folder: str | Path | None = None, **_more: Any) -> None:
        """Load the files of a folder that speak of DAGs."""
        root = Path(dag_folder or self.dag_folder).absolute()
        for file in [root] if root.is_file() else sorted(root.rglob("*.py")):
            if b"dag" in file.read_bytes().lower():
                self.process_file(str(file), root=root.parent if root.is_file() else root)

    def process_file(
        self, filepath: str, only_if_updated: bool = True, *, root: Path | None = None
    ) -> list[DAG]:
        """Load one file and return its DAGs."""
        folder = root or Path(filepath).parent
        # By name: it stands above this layer.
        load_file = importlib.import_module("scheduler.runtime.child.loading").load_file
        try:
            found = load_file(str(folder), str(Path(filepath).relative_to(folder)), EnvironmentReader())
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a file of the user's raises
            self.import_errors[filepath] = f"{type(error).__name__}: {error}"
            return []
        self.dags.update(found)
        return list(found.values())
