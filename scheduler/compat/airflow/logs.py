"""Logging under Airflow's names. What is secret is masked by the supervisor, wherever it is printed."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any, Final

_SENSITIVE: Final = (
    "password",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "passphrase",
    "private_key",
)


class LoggingMixin:
    """Gives a class a logger under its own name."""

    @cached_property
    def log(self) -> logging.Logger:
        """Where it logs to."""
        return logging.getLogger(f"{type(self).__module__}.{type(self).__qualname__}")

    @property
    def logger(self) -> logging.Logger:
        """The same."""
        return self.log


def should_hide_value_for_key(name: Any) -> bool:
    """Whether a value under this name is secret."""
    return isinstance(name, str) and any(each in name.lower() for each in _SENSITIVE)


def redact(value: Any, name: str | None = None, max_depth: int | None = None) -> Any:
    """Return the value with what is secret by its name replaced."""
    if should_hide_value_for_key(name):
        return "***"
    if isinstance(value, dict):
        return {key: redact(each, key) for key, each in value.items()}
    return value
