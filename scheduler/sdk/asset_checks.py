"""What is promised of assets: how fresh they are, and checks of what was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from scheduler.sdk.arguments import bad_argument, read_limit
from scheduler.sdk.schedule import check_cron
from scheduler.wire import Data


class FreshnessPolicy:
    """How fresh an asset is meant to be: `FreshnessPolicy.time_window(...)` or `.cron(...)`."""

    def __init__(self, data: Data) -> None:
        self._data = data

    @classmethod
    def time_window(
        cls, fail_window: timedelta | float, warn_window: timedelta | float | None = None
    ) -> Self:
        """Return that it is stale once its last change is longer ago than `fail_window`."""
        fail, warn = read_limit("fail_window", fail_window), read_limit("warn_window", warn_window)
        if fail is None:
            raise bad_argument("fail_window", fail_window, "give a timedelta, or a number of seconds")
        if warn is not None and warn >= fail:
            raise bad_argument("warn_window", warn_window, f"is no shorter than fail_window={fail}")
        return cls({"fail_s": fail.total_seconds(), "warn_s": warn.total_seconds() if warn else None})

    @classmethod
    def cron(cls, deadline_cron: str, lower_bound_delta: timedelta | float, timezone: str = "UTC") -> Self:
        """Return that at each instant of a cron expression it must have changed no longer ago than a time."""
        check_cron(deadline_cron)
        within = read_limit("lower_bound_delta", lower_bound_delta)
        if within is None:
            raise bad_argument(
                "lower_bound_delta", lower_bound_delta, "give a timedelta, or a number of seconds"
            )
        return cls({"cron": deadline_cron, "timezone": timezone, "within_s": within.total_seconds()})

    def to_data(self) -> Data:
        """Return the plain form (`core.freshness`)."""
        return dict(self._data)


@dataclass(frozen=True, slots=True)
class AssetCheckResult:
    """What a check of an asset found."""

    passed: bool
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
