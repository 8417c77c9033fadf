"""The settings in force, for the page and the API."""

from __future__ import annotations

from scheduler.config import Settings
from webui.context import ShownSetting


def shown_settings(settings: Settings) -> dict[str, ShownSetting]:
    """Return the settings in force, where each was set, and what it means."""
    fields = type(settings).model_fields
    return {
        name: ShownSetting(value, settings.sources.get(name, ""), fields[name].description or "")
        for name, value in settings.shown().items()
    }
