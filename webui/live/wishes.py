"""Which changes the page of a stream shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.store.views.changes import Change


@dataclass(frozen=True, slots=True)
class Wish:
    """A DAG, one run of it, or, without names, everything."""

    dag_id: str = ""
    run_id: str = ""

    def wants(self, change: Change) -> bool:
        """Tell whether the page shows what changed."""
        if self.dag_id and change.dag_id != self.dag_id:
            return False
        return not self.run_id or change.run_id in ("", self.run_id)

    def is_met_by(self, changes: Iterable[Change]) -> bool:
        """Tell whether any of them is shown."""
        return any(map(self.wants, changes))
