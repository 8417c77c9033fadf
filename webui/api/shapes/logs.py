"""Logs of attempts."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from scheduler.logs.lines import LEVELS, SOURCES
from webui.api.frame import Answer
from webui.api.shapes.tasks import Instance


class Line(Answer):
    """One line of a log."""

    timestamp: datetime | None
    level: str
    source: str
    logger: str | None
    event: str


class Log(Answer):
    """Lines of a log, and the token that asks for what follows; none where the log is at its end."""

    content: list[Line]
    continuation_token: str | None


class LogQuery(Instance):
    """Which part of a log is wanted, and which lines of it."""

    token: str | None = Field(default=None, pattern=r"^\d{1,15}$")
    full_content: bool = False
    level: str = Field(default="", json_schema_extra={"enum": ["", *LEVELS]})
    source: tuple[str, ...] = Field(default=(), json_schema_extra={"items": {"enum": [*SOURCES]}})
    logger: str = ""
