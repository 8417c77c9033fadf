"""The archives of logs and of history, where they are set."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from scheduler.errors import BadSetting
from scheduler.operations.history import Policy

if TYPE_CHECKING:
    from scheduler.config import Settings
    from scheduler.logs.archive import Archive
    from scheduler.logs.place import Place
    from scheduler.payloads import Payloads

T = TypeVar("T")


def open_archive(settings: Settings) -> Archive | None:
    """Return the archive at `log_url`, None where none is set. Raises BadSetting for an address that is no good."""
    if settings.log_url is None:
        return None
    # Not imported above: it loads fsspec, which takes longer than a command.
    module: Any = import_module("scheduler.logs.archive")
    archive: Archive = _with_plugins(settings, lambda: module.Archive(settings.log_url))
    return archive


def open_place(url: str | None, setting: str) -> Place | None:
    """Return the place at an address, None where none is set. Raises BadSetting for an address that is no good."""
    if url is None:
        return None
    module: Any = import_module("scheduler.logs.place")
    place: Place = module.Place(url, setting)
    return place


def open_history(settings: Settings) -> Place | None:
    """Return the place at `history_url`, None where none is set. Raises BadSetting."""
    return _with_plugins(settings, lambda: open_place(settings.history_url, "DIRIGENT_HISTORY_URL"))


def open_payloads(settings: Settings) -> Payloads | None:
    """Return where large values are kept at `xcom_url`, None where none is set. Raises BadSetting."""
    if settings.xcom_url is None:
        return None
    module: Any = import_module("scheduler.payloads")
    payloads: Payloads = _with_plugins(
        settings, lambda: module.Payloads(settings.xcom_url, settings.xcom_threshold_bytes)
    )
    return payloads


def _with_plugins(settings: Settings, open_it: Callable[[], T]) -> T:
    """Open a place; an address of no known kind may be one of a file system that a plugin registers."""
    try:
        return open_it()
    except BadSetting:
        # By name: commands that open no such place need not carry it.
        plugins: Any = import_module("scheduler.plugins.loading")
        if not plugins.has_plugins(settings.plugins_folder):
            raise
        plugins.load_plugins(settings.plugins_folder)
        return open_it()


def policy_of(settings: Settings) -> Policy:
    """Return how long the settings have history kept."""
    pairs = (word.rpartition("=") for word in settings.history_days_of)
    days_of = tuple((pattern, float(days)) for pattern, _, days in pairs)
    return Policy(settings.history_days, settings.history_runs_per_dag, days_of)
