"""The prices of the settings."""

from __future__ import annotations

from scheduler.config import Settings
from scheduler.core.cost import Prices


def prices_of(settings: Settings) -> Prices:
    """Return what an hour of a processor and of a gigabyte costs here."""
    return Prices(settings.cpu_hour_price, settings.gb_hour_price, settings.currency)
