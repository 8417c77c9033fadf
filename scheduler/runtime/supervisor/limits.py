"""How much time, memory and how many processes the children of a supervisor may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Durations in seconds, sizes in bytes; None is no limit."""

    stop_grace_s: float = 10.0  #: from SIGTERM to SIGKILL
    timeout_grace_s: float = 5.0  #: beyond execution_timeout, before the supervisor stops the attempt itself
    exit_grace_s: float = 5.0  #: from the outcome to the end of the process
    rendered_in_s: float = (
        1.0  #: what an attempt rendered is written by itself then; before, with its outcome
    )
    import_s: float = 60.0  #: import of a DAG file by its preloader
    fork_s: float = 30.0  #: what base process and preloaders may take to fork
    held_s: float = (
        10.0  #: a trigger that holds its event loop for longer, once that was told, ends with its waiter
    )
    watch_s: float = 0.5  #: between two looks at what an attempt takes that has limits
    preloaders: int = 32
    preloader_memory_bytes: int = 512 * 1024 * 1024  #: of all preloaders together
    preloader_idle_s: float = 600.0
    sweep_s: float = 15.0  #: between two looks at idle and large preloaders
