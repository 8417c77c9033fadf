"""The way to a live Airflow: what it answers is bounded in size and time, and leads nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from scheduler.config.hidden import without_password
from scheduler.errors import BadExport

_LARGEST_BYTES: Final = 64_000_000
_PIECE_BYTES: Final = 65_536
#: Seconds until it begins to answer, and between two pieces of an answer.
_TIMEOUT_S: Final = 30
#: Seconds that one answer may take as a whole.
_LONGEST_S: Final = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end."""

    status: int
    kind: str
    body: bytes

    @property
    def is_good(self) -> bool:
        """Whether it is what was asked for."""
        return self.status < HTTPStatus.BAD_REQUEST


class _Bearer(requests.auth.AuthBase):
    """Sends a token; as a header alone it would give way to what a .netrc says of the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Link:
    """One address. Every error is a BadExport that repeats no password of it."""

    def __init__(self, url: str, *, largest_bytes: int = _LARGEST_BYTES) -> None:
        if not _is_address(url):
            raise BadExport(
                f"--url {_without_user(url)!r} is no address of a page, such as https://airflow.example.org."
            )
        self._url = url
        self.shown = without_password(url)
        self._largest_bytes = largest_bytes
        self._session = requests.Session()

    def sign_in(self, user: str, password: str) -> None:
        """Send a name and a password with each request."""
        self._session.auth = (user, password)

    def show_token(self, token: str) -> None:
        """Send a token with each request."""
        self._session.auth = _Bearer(token)

    def ask(self, method: str, path: str, **arguments: Any) -> Answer:
        """Ask once. What it redirects to is named and not followed: passwords and tokens go to one place only."""
        try:
            with self._session.request(
                method,
                f"{self._url}{path}",
                timeout=_TIMEOUT_S,
                stream=True,
                allow_redirects=False,
                **arguments,
            ) as told:
                if told.is_redirect:
                    raise BadExport(
                        f"{self.shown}{path} leads to {_without_user(told.headers['Location'])[:200]!r}, "
                        "which is not followed: give the address that Airflow's page has in the end."
                    )
                return Answer(told.status_code, told.headers.get("Content-Type", ""), self._body(told, path))
        except requests.RequestException as error:
            # The error itself may repeat an address with a password.
            raise BadExport(
                f"{self.shown} cannot be asked ({type(error).__name__}): is that Airflow's address, "
                "and can it be reached from here?"
            ) from None

    def _body(self, told: requests.Response, path: str) -> bytes:
        began_s, pieces, size = monotonic(), list[bytes](), 0
        for piece in told.iter_content(_PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > self._largest_bytes or monotonic() - began_s > _LONGEST_S:
                raise BadExport(
                    f"{self.shown}{path} answers with more than {self._largest_bytes:,} bytes, "
                    f"or takes longer than {_LONGEST_S} s to do so."
                )
        return b"".join(pieces)


def _without_user(url: str) -> str:
    """Return what is behind the name and password of something that may be no address."""
    return url.rpartition("@")[2]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
