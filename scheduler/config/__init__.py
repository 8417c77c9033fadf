"""Settings: defaults, overlaid with `dirigent.toml`, overlaid with `DIRIGENT_*`; read once, at the start.

What runs user code never imports this package: pydantic takes longer to load than an attempt takes to start.
"""

from scheduler.config.hidden import without_password
from scheduler.config.reading import load_settings
from scheduler.config.settings import Settings, default_slots

__all__ = ["Settings", "default_slots", "load_settings", "without_password"]
