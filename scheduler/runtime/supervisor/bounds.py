"""What holds for one attempt: what its task asks for, as far as this worker gives it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from scheduler.errors import DirigentError
from scheduler.runtime.accounts import Account
from scheduler.wire import Isolation

#: Of what a file may ask for; what is below was not read by the sdk.
_LEAST_MEMORY: Final = 1024 * 1024
#: More than this is no limit anywhere, and less than what the kernel can count.
_MOST_MEMORY: Final = 2**60
_MOST_CPUS: Final = 10_000.0
_MOST_SECONDS: Final = 2**31
_NOTHING: Final = Isolation()


class NotGiven(DirigentError):
    """A task asks for what this worker does not have, or does not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a worker gives to tasks that ask for nothing, and the most that they may ask for; None is no limit."""

    mode: Literal["fork", "fresh"] = "fork"
    can_switch: bool = False  #: whether this process may run others as another user
    #: whom tasks may run as; None: there was no such user when the worker started
    users: Mapping[str, Account | None] = field(default_factory=dict)
    default_account: Account | None = None  #: who imports files, and runs tasks that name nobody
    memory_bytes: int | None = None
    memory_max_bytes: int | None = None
    cpus: float | None = None
    cpus_max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What holds for one attempt."""

    fresh_reason: str = ""  #: why it gets a fresh interpreter; empty: it is forked where that is safe
    python: str | None = None
    account: Account | None = None  #: None: the worker's own user
    memory_bytes: int | None = None
    memory_source: str = ""  #: who set that limit
    cpus: float | None = None
    cpu_s: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)  #: what the process is to put on itself


def bounds_of(asked: Isolation | None, policy: Policy) -> Bounds:
    """Return what holds for an attempt. Raises NotGiven."""
    asked = asked or _NOTHING
    memory_bytes, memory_source = _memory(asked.memory_bytes, policy)
    cpus = _cpus(asked.cpus, policy)
    facts = {
        "python": asked.python and _interpreter(asked.python),
        "data_bytes": memory_bytes,
        "cores": cpus and math.ceil(cpus),
        "cpu_s": _seconds(asked.cpu_s),
    }
    return Bounds(
        fresh_reason=_fresh_reason(asked, policy),
        python=asked.python,
        account=_account(asked.run_as_user, policy),
        memory_bytes=memory_bytes,
        memory_source=memory_source,
        cpus=cpus,
        cpu_s=asked.cpu_s,
        facts={name: value for name, value in facts.items() if value is not None},
    )


def _fresh_reason(asked: Isolation, policy: Policy) -> str:
    if asked.python is not None:
        return f"its task names another, {asked.python}"
    if (asked.mode or policy.mode) == "fork":
        return ""
    return "its task asks for one" if asked.mode else "this worker is set to that (DIRIGENT_TASK_ISOLATION)"


def _interpreter(path: str) -> str:
    """Return what can be a path; whether it is there, the process finds that is to become it. Raises NotGiven."""
    if not path.startswith("/") or "\0" in path or any("\ud800" <= each <= "\udfff" for each in path):
        raise NotGiven(f"python={path!r}: give the full path of an interpreter")
    return path


def _account(asked: str | None, policy: Policy) -> Account | None:
    """Return whom the attempt runs as. Raises NotGiven."""
    default = policy.default_account
    if asked is None or (default is not None and asked == default.name):
        return default
    if not policy.can_switch:
        raise NotGiven(f"run_as_user={asked!r}: only a worker that runs as root can do that")
    if asked not in policy.users:
        allowed = ", ".join(sorted(policy.users)) or "nobody"
        raise NotGiven(
            f"run_as_user={asked!r}: this worker may not run tasks as that user (DIRIGENT_RUN_AS_USERS: {allowed})"
        )
    account = policy.users[asked]
    if account is None:
        raise NotGiven(f"run_as_user={asked!r}: this system had no such user when the worker started")
    return account


def _memory(asked: int | None, policy: Policy) -> tuple[int | None, str]:
    """Return the limit and who set it. Raises NotGiven."""
    most = policy.memory_max_bytes
    if asked is None:
        given = [
            (policy.memory_bytes, "DIRIGENT_ATTEMPT_MEMORY_MB"),
            (most, "DIRIGENT_ATTEMPT_MEMORY_MAX_MB"),
        ]
        return min((each for each in given if each[0] is not None), default=(None, ""))
    if asked < _LEAST_MEMORY:
        raise NotGiven(f"memory_limit={asked}: no process can live with that")
    if most is not None and asked > most:
        raise NotGiven(
            f"memory_limit={megabytes(asked)}: this worker gives a task {megabytes(most)} at most "
            "(DIRIGENT_ATTEMPT_MEMORY_MAX_MB)"
        )
    return min(asked, _MOST_MEMORY), "memory_limit"


def _cpus(asked: float | None, policy: Policy) -> float | None:
    """Return the limit in cores. Raises NotGiven."""
    most = policy.cpus_max
    if asked is None:
        return min((each for each in (policy.cpus, most) if each is not None), default=None)
    if not 0 < asked < math.inf:
        raise NotGiven(f"cpu_limit={asked}: no process can live with that")
    if most is not None and asked > most:
        raise NotGiven(
            f"cpu_limit={asked:g}: this worker gives a task {most:g} cores at most (DIRIGENT_ATTEMPT_CPUS_MAX)"
        )
    return min(asked, _MOST_CPUS)


def _seconds(asked: float | None) -> int | None:
    """Return the limit as the kernel counts, in whole seconds. Raises NotGiven."""
    if asked is None:
        return None
    if not 0 < asked < math.inf:
        raise NotGiven(f"cpu_time_limit={asked}: no process can live with that")
    return math.ceil(min(asked, _MOST_SECONDS))


def megabytes(size: int) -> str:
    """Return '512 MB'; a megabyte is 1024 times 1024 bytes."""
    return f"{size / 1024 / 1024:.0f} MB"


def memory_words(used_bytes: int, bounds: Bounds) -> str:
    """Say how much memory of how much was used, and who set that limit."""
    return f"used {megabytes(used_bytes)} of {megabytes(bounds.memory_bytes or 0)} ({bounds.memory_source})"


def time_words(used_s: float, limit_s: float) -> str:
    """Say how much CPU time of how much was used."""
    return f"used {used_s:.0f} s of {limit_s:g} s of CPU (cpu_time_limit)"
