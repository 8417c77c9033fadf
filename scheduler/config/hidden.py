"""What of a setting may be shown: in errors, in `dirigent config show`, in logs."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit, urlunsplit

from scheduler.git_address import shown_address

HIDDEN: Final = "***"
#: Settings that are nothing but secret.
_SECRETS: Final = frozenset(
    {
        "secret_key",
        "notify_on_failure",
        "channels",
        "metrics_token",
        "dags_git_token",
        "dags_git_hook_secret",
        "oidc_client_secret",
    }
)


def without_password(url: str) -> str:
    """Return the address with its password, if any, hidden."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:{HIDDEN}@{host}"))


def printable(name: str, value: object) -> object:
    """Hide what could be secret in an error message."""
    if name in _SECRETS:
        return HIDDEN
    if name == "dags_git_url":
        return shown_address(str(value))
    return without_password(value) if isinstance(value, str) and name.endswith("_url") else value
