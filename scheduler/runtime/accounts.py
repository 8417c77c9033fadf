"""Users of the system whose tasks a worker may run. Only one that runs as root can give a process another user."""

from __future__ import annotations

import os
import pwd
from dataclasses import asdict, dataclass
from typing import Any

from scheduler.errors import NotFound


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the system, as a process needs to know it to become that."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str

    @property
    def facts(self) -> dict[str, Any]:
        """Return it as data."""
        return asdict(self)


def may_switch() -> bool:
    """Tell whether this process can run others as another user."""
    return os.geteuid() == 0


def account_of(name: str) -> Account:
    """Return a user and the groups that it is in, which may take a while (a directory service). Raises NotFound."""
    try:
        found = pwd.getpwnam(name)
    except (KeyError, ValueError):
        raise NotFound("user of this system", name) from None
    groups = os.getgrouplist(found.pw_name, found.pw_gid)
    return Account(found.pw_name, found.pw_uid, found.pw_gid, tuple(groups), found.pw_dir)
