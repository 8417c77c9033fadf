"""Kinds of values that settings have, each with the check that says what is wrong with another one."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from scheduler.git_address import check_ref, check_subfolder, check_view_url, read_address


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _one_of(*schemes: str) -> AfterValidator:
    starts = ", ".join(f"{scheme}://" for scheme in schemes)

    def check(url: str) -> str:
        if urlsplit(url).scheme not in schemes:
            raise ValueError(f"the address must start with one of {starts}")
        return url

    return AfterValidator(check)


def _days_of(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        pattern, mark, days = word.rpartition("=")
        if not (pattern and mark and days.replace(".", "", 1).isdecimal()):
            raise ValueError(f"write {word!r} like orders=30: a DAG or a pattern, and days")
    return words


def _networks_of(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        try:
            ip_network(word, strict=False)
        except ValueError:
            raise ValueError(f"write {word!r} like 10.0.0.5 or 10.0.0.0/8") from None
    return words


def _roles_of(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        group, mark, role = word.rpartition("=")
        if not (group and mark and role):
            raise ValueError(f"write {word!r} like data-team=User@team:data: a group and a role")
    return words


def _is_complete(url: str) -> str:
    scheme, mark, place = url.partition("://")
    if not (scheme and mark and place):
        raise ValueError("write it like file:///srv/logs or s3://bucket/logs")
    if scheme in ("file", "local") and not place.startswith("/"):
        raise ValueError(f"the folder must begin at the root: {scheme}:///{place}")
    return url


def _is_git(url: str) -> str:
    read_address(url)
    return url


Folder = Annotated[Path, AfterValidator(_absolute)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Networks = Annotated[Words, AfterValidator(_networks_of)]
DaysOf = Annotated[Words, AfterValidator(_days_of)]
RolesOf = Annotated[Words, AfterValidator(_roles_of)]
DatabaseUrl = Annotated[str, _one_of("sqlite", "postgresql", "postgresql+psycopg", "postgres")]
BrokerUrl = Annotated[str, _one_of("inproc", "redis", "rediss", "sentinel", "amqp", "amqps")]
LogUrl = Annotated[str, AfterValidator(_is_complete)]
WebUrl = Annotated[str, _one_of("http", "https")]
GitUrl = Annotated[str, AfterValidator(_is_git)]
GitRef = Annotated[str, AfterValidator(check_ref)]
Subfolder = Annotated[str, AfterValidator(check_subfolder)]
ViewUrl = Annotated[str, AfterValidator(check_view_url)]
