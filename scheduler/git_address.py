"""Where code is fetched from by git: what an address, a ref and a folder in a repository may be.

They come from settings, and become arguments of programs: none of them can be taken for an option, and none names a way
of transport that runs a program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

#: Plain http is for this machine alone: whoever stands on the way could change the code that tasks run.
_SCHEMES: Final = ("https", "ssh", "file", "http")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
#: git@github.com:acme/dags.git
_SHORT: Final = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^:\s-][^\s]*")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_REF: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_+=@#-]|[./](?![./]))*")
#: A password may hold an @, and wrongly a slash: then what follows the colon is no port.
_USER_INFO: Final = re.compile(r"//(?:[^/\s:]*:(?!\d+/)\S*|[^/\s]*)@")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KNOWN_SITES: Final = {
    "github.com": "{site}/commit/{{version}}",
    "gitlab.com": "{site}/-/commit/{{version}}",
    "bitbucket.org": "{site}/commits/{{version}}",
    "codeberg.org": "{site}/commit/{{version}}",
}
_HINT: Final = "write it like https://host/team/dags.git, git@host:team/dags.git or file:///srv/git/dags.git"


@dataclass(frozen=True, slots=True)
class GitAddress:
    """An address without its password, which must show nowhere; `host` is empty for a folder of this machine."""

    url: str
    scheme: str
    host: str = ""
    user: str = ""
    password: str = field(default="", repr=False)


def read_address(text: str) -> GitAddress:
    """Take an address apart. Raises ValueError with what to write instead; the message repeats nothing of it."""
    if _SHORT.fullmatch(text) and "://" not in text:
        user, _, rest = text.partition("@")
        return GitAddress(text, "ssh", rest.partition(":")[0], user)
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES or not parts.path.strip("/") or re.search(r"\s", text):
        raise ValueError(_HINT)
    if parts.scheme == "file":
        return _of_folder(text, parts.netloc)
    if not _HOST.fullmatch(parts.netloc.rpartition("@")[2]):
        raise ValueError(_HINT)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("use https: on the way of plain http anybody could change the code")
    return _of_host(text)


def _of_folder(text: str, host: str) -> GitAddress:
    if host:
        raise ValueError("the folder must begin at the root: file:///srv/git/dags.git")
    return GitAddress(text, "file")


def _of_host(text: str) -> GitAddress:
    """A name and a password before the host are for the helper that answers for them, not for an argument."""
    parts = urlsplit(text)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "ssh":
        if user.startswith("-"):
            raise ValueError(_HINT)
        name = f"{parts.username}@{host}" if user else host
        return GitAddress(urlunsplit(parts._replace(netloc=name)), "ssh", host, user)
    return GitAddress(urlunsplit(parts._replace(netloc=host)), parts.scheme, host, user, password)


def shown_address(text: str) -> str:
    """Return an address, good or bad, as it may be printed: without name and password."""
    return text if _SHORT.fullmatch(text) else _USER_INFO.sub("//***@", text)


def check_ref(ref: str) -> str:
    """Return a branch, a tag or a whole commit. Raises ValueError."""
    if not _REF.fullmatch(ref) or "@{" in ref or ref.endswith((".", "/", ".lock")):
        raise ValueError("give a branch, a tag or a commit of 40 digits, like main or release/2")
    return ref


def is_commit(ref: str) -> bool:
    """Tell whether a ref is the whole name of a commit, which never moves."""
    return _COMMIT.fullmatch(ref) is not None


def check_subfolder(path: str) -> str:
    """Return a folder in a repository, '/' separated and without one at its ends. Raises ValueError."""
    names = path.strip("/").split("/")
    if path.startswith("/") or (path and any(name in ("", ".", "..") or "\0" in name for name in names)):
        raise ValueError("give a folder below the top of the repository, like pipelines/dags")
    return path.strip("/")


def check_view_url(template: str) -> str:
    """Return the address of a commit's page, in which {version} and {subdir} stand for it. Raises ValueError."""
    try:
        view_url(template, "0" * 40, "dags")
    except (KeyError, IndexError, ValueError, AttributeError):
        raise ValueError("only {version} and {subdir} are filled in; write other braces twice") from None
    if urlsplit(template).scheme not in ("http", "https"):
        raise ValueError("the address must start with https:// or http://")
    return template


def view_url(template: str, version: str, subdir: str) -> str:
    """Return the address of a commit's page."""
    return template.format(version=version, subdir=subdir)


def usual_view_url(address: GitAddress) -> str:
    """Return the template of a site whose addresses are known; empty for others."""
    known = _KNOWN_SITES.get(address.host)
    if known is None:
        return ""
    path = address.url.partition(":")[2] if "://" not in address.url else urlsplit(address.url).path
    name = path.strip("/").removesuffix(".git").replace("{", "{{").replace("}", "}}")
    return known.format(site=f"https://{address.host}/{name}")
