"""How a process keeps the tasks apart that it runs: what the settings say, and what this host allows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from scheduler.config import Settings
from scheduler.errors import BadSetting, NotFound
from scheduler.plugins.loading import has_plugins
from scheduler.runtime.accounts import Account, account_of, may_switch
from scheduler.runtime.child.loading import FOLDER_OF_PLUGINS
from scheduler.runtime.supervisor.bounds import Policy
from scheduler.runtime.supervisor.cgroups import GroupTree, Unusable, find_groups

_log: Final = logging.getLogger(__name__)
#: What lies in the home folder beside code, and is nothing for the users that tasks run as.
_PRIVATE: Final = ("bundles", "logs")


def task_policy_of(settings: Settings) -> Policy:
    """Return what the settings say of how attempts are kept apart, and what they may take.

    Where they may run as other users, the home folder is opened so far that these find the code. Raises BadSetting.
    """
    account = default_account(settings.run_as_default)
    if may_switch() and (settings.run_as_users or account):
        _open_home(settings.home)
        if account is None:
            _log.warning(
                "DAG files are imported as root, and so are tasks run that name no user: set DIRIGENT_RUN_AS_DEFAULT."
            )
    return Policy(
        mode=settings.task_isolation,
        can_switch=may_switch(),
        users=_users(settings.run_as_users) if may_switch() else {},
        default_account=account,
        memory_bytes=_bytes(settings.attempt_memory_mb),
        memory_max_bytes=_bytes(settings.attempt_memory_max_mb),
        cpus=settings.attempt_cpus,
        cpus_max=settings.attempt_cpus_max,
    )


def environ_of_children(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what children's environment is made of: that of the server, and the settings that they keep to."""
    folder = settings.plugins_folder
    return {
        **environ,
        **({FOLDER_OF_PLUGINS: str(folder.absolute())} if has_plugins(folder) else {}),
        "DIRIGENT_AIRFLOW_NAMES": settings.airflow_names,
        "DIRIGENT_AIRFLOW_SCHEDULE": settings.airflow_schedule,
    }


def groups_of(settings: Settings) -> GroupTree | None:
    """Return the control groups that hold attempts to their limits, and say whether there are any."""
    if settings.control_groups == "off":
        return None
    try:
        tree = find_groups()
    except Unusable as reason:
        _log.info("Limits of tasks are kept without control groups: %s.", reason)
        return None
    _log.info("Limits of tasks are kept by control groups, version %d, below %s.", tree.version, tree.memory)
    return tree


def _bytes(megabytes: int | None) -> int | None:
    return None if megabytes is None else megabytes * 1024 * 1024


def default_account(name: str | None) -> Account | None:
    """Return who runs what names no user. Raises BadSetting where it cannot be."""
    if name is None:
        return None
    if not may_switch():
        raise BadSetting("DIRIGENT_RUN_AS_DEFAULT", name, "only a process that runs as root can do that")
    try:
        return _account("DIRIGENT_RUN_AS_DEFAULT", name)
    except NotFound as error:
        raise BadSetting("DIRIGENT_RUN_AS_DEFAULT", name, str(error)) from None


def _users(names: Iterable[str]) -> dict[str, Account | None]:
    """Return whom tasks may run as; who is not on this host may be on another that has these settings, too."""
    found: dict[str, Account | None] = {}
    for name in names:
        try:
            found[name] = _account("DIRIGENT_RUN_AS_USERS", name)
        except NotFound as error:
            _log.warning("DIRIGENT_RUN_AS_USERS: %s", error)
            found[name] = None
    return found


def _account(setting: str, name: str) -> Account:
    """Return a user. Raises NotFound, and BadSetting for root."""
    account = account_of(name)
    if account.uid == 0:
        raise BadSetting(setting, name, "that is root by another name")
    return account


def _open_home(home: Path) -> None:
    """Let others pass through the home folder to the code of runs, and see nothing else in it."""
    for name in _PRIVATE:
        (home / name).mkdir(mode=0o700, exist_ok=True)
        (home / name).chmod(0o700)
    home.chmod(0o711)
