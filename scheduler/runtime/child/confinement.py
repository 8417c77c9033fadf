"""What a process puts on itself before it meets user code: the limits that its supervisor asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scheduler.runtime import kernel

#: What Python may take beyond its limit to tell that it ran into it.
_RESERVE: Final = 64 * 1024 * 1024


def confine(request: Mapping[str, Any]) -> None:
    """Keep to what the request says; what is not named in it is not limited. Raises OSError."""
    for door in request.get("groups", ()):
        Path(door).write_text("0")
    if (data_bytes := request.get("data_bytes")) is not None:
        kernel.limit_data(data_bytes, _RESERVE)
    if (seconds := request.get("cpu_s")) is not None:
        kernel.limit_cpu_time(seconds)
    if (cores := request.get("cores")) is not None:
        kernel.keep_to_cores(cores)
