"""Values that several commands take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from scheduler.clock import parse_instant
from scheduler.errors import BadConf


class Instant(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """An ISO 8601 instant with an offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - as click declares it
        """Read the instant, or fail with what is missing."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def read_conf(text: str | None) -> dict[str, Any]:
    """Read a run's conf. Raises BadConf unless it is a JSON object."""
    try:
        conf = json.loads(text or "{}")
    except ValueError as error:
        raise BadConf(f"conf is not JSON: {error}") from None
    if not isinstance(conf, dict):
        raise BadConf(f"conf is to be a JSON object such as '{{\"day\": 1}}', not {type(conf).__name__}")
    return conf


def read_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """Read options of the form KEY=VALUE."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not of the form KEY=VALUE")
    return dict(pair.split("=", 1) for pair in pairs)
