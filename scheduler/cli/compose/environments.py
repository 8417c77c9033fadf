"""What builds the environments of lock files, for workers and for who imports DAG files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scheduler.cli.compose.isolation import default_account
from scheduler.config import Settings
from scheduler.runtime.environments import Environments
from scheduler.runtime.supervisor.environment import child_environment

#: What pip and uv go by; only programs that build environments are given it.
BUILD_ENVIRON: Final = ("PIP_*", "UV_*")


def environments_of(settings: Settings, environ: Mapping[str, str]) -> Environments | None:
    """Return what builds the environment of the lock file, where one is named."""
    if not settings.dags_lock_file:
        return None
    passed = child_environment(environ, (*settings.pass_environ, *BUILD_ENVIRON))
    account = default_account(settings.run_as_default)
    return Environments(settings.home / "environments", passed, account=account)
