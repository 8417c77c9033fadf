"""Which Airflow the names are those of, for code that asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

__version__: Final = "3.3.2"
AIRFLOW_V_3_0_PLUS: Final = True
AIRFLOW_V_3_1_PLUS: Final = True
AIRFLOW_V_3_2_PLUS: Final = True


def get_base_airflow_version_tuple() -> tuple[int, int, int]:
    """Return the version as three numbers."""
    major, minor, patch = (int(each) for each in __version__.split("."))
    return major, minor, patch


def require_provider_version(name: str, version: str) -> Callable[..., Any]:
    """Return a decorator that changes nothing: pip has seen to versions."""
    return lambda function: function
