"""Where hooks of providers report what they read and write: Dirigent keeps none of it."""

from __future__ import annotations

from typing import Any


class HookLineageCollector:
    """Takes reports and drops them."""

    @property
    def collected_assets(self) -> tuple[Any, ...]:
        """Nothing."""
        return ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _drop


def _drop(*_args: Any, **_more: Any) -> None:
    """Keep nothing."""


def get_hook_lineage_collector() -> HookLineageCollector:
    """Return the one that drops all."""
    return HookLineageCollector()


NoOpCollector = HookLineageCollector
