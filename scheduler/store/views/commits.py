"""Which commit code is of, and where people can look at it."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.git_address import view_url
from scheduler.store.bundles import BundleRow, find_bundle
from scheduler.store.engine import Session


@dataclass(frozen=True, slots=True)
class CommitRef:
    """A commit; `url` and `view_url` are of its repository and of its own page, None where that is not known."""

    version: str
    url: str | None
    view_url: str | None


def find_commit(session: Session, version: str | None) -> CommitRef | None:
    """Return a commit; None for code that came from no repository."""
    if version is None:
        return None
    bundle = find_bundle(session)
    return CommitRef(version, bundle.url if bundle else None, commit_url(bundle, version))


def commit_url(bundle: BundleRow | None, version: str | None) -> str | None:
    """Return the address of a commit's page, where the bundle knows of one."""
    if bundle is None or not bundle.view_url or not version:
        return None
    return view_url(bundle.view_url, version, bundle.subdir)
