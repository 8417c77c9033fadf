"""What of git can fail, in words for people: why, and what to do."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from scheduler.errors import DirigentError
from scheduler.git_address import is_commit
from scheduler.parsing.git_remote import Remote

_DAMAGED: Final = (
    "not a git repository", "bad object", "missing blob", "missing tree", "missing commit", "is corrupt",
    "loose object", "unable to read", "packfile", "did not send all necessary objects", "bad config",
)  # fmt: skip
_LONGEST: Final = 600


class GitFailed(DirigentError):
    """What was asked of git came to nothing; the message says why and what to do."""


class GitTooLarge(GitFailed):
    """A commit holds more than can be taken."""


class GitBusy(DirigentError):
    """Another git works in the folder: of a second scheduler, or left by one that was killed."""


class GitDamaged(GitFailed):
    """The copy of the repository cannot be used; a new one can be fetched."""


def failure_of(remote: Remote, verb: str, said: bytes) -> GitFailed:
    """Return why a git came to nothing, of what it printed, without the password."""
    text = said.decode(errors="replace").replace("\0", "\ufffd").strip()
    for secret in {remote.password, quote(remote.password, safe="")} - {""}:
        text = text.replace(secret, "***")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.startswith(("hint:", "warning:"))
    ]
    told = "; ".join(lines).removeprefix("fatal: ")[:_LONGEST] or "it said nothing"
    kind = GitDamaged if any(words in told.lower() for words in _DAMAGED) else GitFailed
    return kind(f"`git {verb}` of {remote.address.url} failed: {told}")


def better_told(remote: Remote, error: GitFailed) -> GitFailed:
    """Return the failure of a fetch with the remedy, where one is known."""
    text, ref, url = str(error), remote.ref, remote.address.url
    if "find remote ref" in text or "not our ref" in text:
        kind = "commit" if is_commit(ref) else "branch or tag"
        return GitFailed(
            f"There is no {kind} {ref!r} in {url}: it was deleted, or never pushed. "
            "Set DIRIGENT_DAGS_GIT_REF to one that is there."
        )
    if any(
        words in text for words in ("Authentication failed", "could not read Username", "Permission denied")
    ):
        return GitFailed(
            f"{text}. Check DIRIGENT_DAGS_GIT_TOKEN (https) or DIRIGENT_DAGS_GIT_KEY_FILE (ssh)."
        )
    if "Host key verification failed" in text:
        return GitFailed(f"{text}. Add the host to the known_hosts of the user that runs Dirigent.")
    return error
