"""The one secret of an installation. Everything else (encryption, signatures) is derived from it.

It is made at the first start and kept, readable by its owner only, in the home folder. Processes on several
machines are given the same one as DIRIGENT_SECRET_KEY. To rotate it, put the new one first: "new old"; what
the old one encrypted stays readable until it is written again.
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scheduler.errors import BadSetting

FILE_NAME: Final = "secret_key"
SHORTEST: Final = 32


@dataclass(frozen=True, slots=True)
class SecretKey:
    """Secrets, the newest first: the first one is used, all are accepted. Never shown in a repr."""

    keys: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) < SHORTEST for key in self.keys):
            raise BadSetting(
                "DIRIGENT_SECRET_KEY",
                "***",
                f"each key needs {SHORTEST} characters or more; make one with: openssl rand -hex 32",
            )


def load_secret_key(home: Path, given: str | None, *, may_create: bool) -> SecretKey:
    """Return the given secret, else the one of the home folder, made there where it is missing and may be.

    Raises BadSetting: where there is none and none may be made (a distributed process: each would make
    another one), and where others may read the file.
    """
    if given is not None:
        return SecretKey(tuple(given.replace(",", " ").split()))
    path = home / FILE_NAME
    if not path.exists():
        _create(path, may_create)
    _refuse_readable_by_others(path)
    return SecretKey(tuple(path.read_text().split()))


def _create(path: Path, may_create: bool) -> None:
    if not may_create:
        raise BadSetting(
            "DIRIGENT_SECRET_KEY",
            None,
            "processes on several machines need one common secret; make it with `openssl rand -hex 32` "
            f"and give it to all of them, or put it into {path} on each",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(secrets.token_urlsafe(48) + "\n")
        # A link appears whole and never replaces: of two processes that start at once, one makes the secret.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _refuse_readable_by_others(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise BadSetting(str(path), oct(mode), f"others may read this secret; run: chmod 600 {path}")
