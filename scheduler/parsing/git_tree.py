"""A commit as a folder. It appears whole, by a rename, and is never written to again.

Files are written as the repository holds them: nothing is converted, no filter and no hook is run. Links are made where
they lead to something in the same folder; everything else is left out with a warning.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scheduler.parsing.git import Mirror, TreeEntry
from scheduler.parsing.git_failures import GitFailed, GitTooLarge
from scheduler.parsing.materialize import flush
from scheduler.parsing.scan import MAX_BYTES

#: Bytes of all files of a commit, each counted as often as it stands there.
MAX_TREE_BYTES: Final = 5_000_000_000
_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
_EXECUTABLE: Final = "100755"
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
#: Warnings of one kind that are told; a repository may hold thousands of such files.
_TOLD: Final = 5


def write_commit(mirror: Mirror, version: str, tree: Path) -> tuple[str, ...]:
    """Write the files of a commit where the tree is not there yet; return what was left out, in words."""
    notes = tree.with_suffix(".notes")
    if not tree.is_dir():
        tree.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=tree.parent, prefix=".draft-"))
        try:
            warnings = _furnish(draft, mirror, mirror.entries(version))
            notes.write_text("\n".join(warnings))
            draft.chmod(0o755)
            flush([path for path in draft.rglob("*") if path.is_file() and not path.is_symlink()])
            draft.rename(tree)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return read_notes(tree)


def read_notes(tree: Path) -> tuple[str, ...]:
    """Return what was left out of a tree, in words."""
    try:
        return tuple(tree.with_suffix(".notes").read_text().splitlines())
    except FileNotFoundError:
        return ()


def _furnish(draft: Path, mirror: Mirror, entries: Sequence[TreeEntry]) -> list[str]:
    warnings = _Warnings()
    good = [entry for entry in entries if _is_wanted(entry, warnings)]
    if (size := sum(entry.size for entry in good)) > MAX_TREE_BYTES:
        raise GitTooLarge(
            f"The files of the commit have {size:,} bytes together; at most {MAX_TREE_BYTES:,} are taken. "
            "Set DIRIGENT_DAGS_GIT_SUBFOLDER to the folder of the DAGs, or keep data elsewhere."
        )
    links: list[tuple[Path, str]] = []
    with mirror.contents() as contents:
        for entry in good:
            data, place = contents.read(entry.hash), draft / entry.path
            if entry.mode == _LINK:
                links.append((place, os.fsdecode(data)))
                continue
            if data.startswith(_POINTER):
                warnings.add(
                    "is kept by Git LFS, which is not supported: it holds the pointer alone", entry.path
                )
            _write(place, data, 0o755 if entry.mode == _EXECUTABLE else 0o644)
    # After all files: nothing is ever written through a link.
    _make_links(draft, links, warnings)
    return warnings.told()


def _is_wanted(entry: TreeEntry, warnings: _Warnings) -> bool:
    if entry.mode == _SUBMODULE:
        warnings.add("is a submodule, which is not supported: it is left out", entry.path)
        return False
    names = entry.path.split("/")
    if any(name in ("", ".", "..") or name.lower() == ".git" for name in names):
        raise GitFailed(
            f"The repository holds a path that leads elsewhere, {entry.path!r}: nothing of it is taken."
        )
    if entry.size > MAX_BYTES:
        warnings.add(
            f"has more than {MAX_BYTES:,} bytes: it is left out, so that tasks will not see it", entry.path
        )
        return False
    return True


def _write(place: Path, data: bytes, mode: int) -> None:
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        with place.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise GitFailed(
            f"{place.name!r} stands twice in the repository, for this disk tells no capitals from small letters: "
            "rename one of the two."
        ) from None
    place.chmod(mode)


def _make_links(draft: Path, links: Sequence[tuple[Path, str]], warnings: _Warnings) -> None:
    root = draft.resolve()
    for place, _ in links:
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    for place, target in links:
        place.symlink_to(target)
    for place, target in links:
        if not _stays_inside(place, root):
            place.unlink()
            name = place.relative_to(draft).as_posix()
            warnings.add(f"is a link that leads out of the folder, to {target!r}: it is left out", name)


def _stays_inside(link: Path, root: Path) -> bool:
    try:
        return not Path(link.readlink()).is_absolute() and link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a circle
        return False


class _Warnings:
    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, what: str, path: str) -> None:
        self._found.setdefault(what, []).append(path)

    def told(self) -> list[str]:
        return [line for what, paths in self._found.items() for line in _lines(what, paths)]


def _lines(what: str, paths: Sequence[str]) -> list[str]:
    lines = [f"{path!r} {what}." for path in paths[:_TOLD]]
    more = len(paths) - _TOLD
    return [*lines, f"{more} more: each {what}."] if more > 0 else lines
