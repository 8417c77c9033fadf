"""Snapshots as folders: where children import from. Several processes may share one home.

`<home>/snapshots/<hash>` holds the tree of a snapshot, `<home>/blobs/<xx>/<hash>-<mode>` its contents; the
files of a tree are hard links to them, so that a snapshot that differs in one file costs one file. A tree
appears whole, by a rename. Files are read-only: what writes into its own code would change other runs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from scheduler.errors import NotFound
from scheduler.store.blobs import load_blobs
from scheduler.store.engine import Session
from scheduler.store.snapshots import Entry, Manifest, hash_manifest, load_manifest

_BATCH_BYTES: Final = 32_000_000
#: More new files than this are flushed to the disk by one call for all.
_FLUSHED_SINGLY: Final = 50


def materialize(session: Session, snapshot_id: int, home: Path) -> Path:
    """Return the folder that holds a snapshot, written where it is not there yet.

    Reads the manifest: who asks often keeps the answer. Raises NotFound.
    """
    return write_tree(session, load_manifest(session, snapshot_id), home)


def write_tree(session: Session, manifest: Manifest, home: Path) -> Path:
    """Return the folder that holds these files, written where it is not there yet."""
    tree = home / "snapshots" / hash_manifest(manifest)
    if not tree.is_dir():
        _make(tree.parent)
        try:
            draft = _fill(session, manifest, home)
        except FileNotFoundError:
            # A content that was there was pruned before it was linked; now it has just been written.
            draft = _fill(session, manifest, home)
        _publish(draft, tree)
    return tree


def _fill(session: Session, manifest: Manifest, home: Path) -> Path:
    _write_blobs(session, manifest, home)
    return _draft(manifest, home)


def _write_blobs(session: Session, manifest: Manifest, home: Path) -> None:
    """Write the contents that this home does not hold, or holds cut short by a crash."""
    wanted = {_blob(home, entry): entry for entry in manifest.values()}
    absent = [(path, entry) for path, entry in wanted.items() if not _is_whole(path, entry)]
    for batch in _batches(absent):
        contents = load_blobs(session, [entry.hash for _, entry in batch])
        for path, entry in batch:
            if entry.hash not in contents:
                raise NotFound("content of a snapshot", entry.hash)
            _write_blob(path, contents[entry.hash], entry)
    flush([path for path, _ in absent])


def _batches(blobs: Iterable[tuple[Path, Entry]]) -> Iterator[list[tuple[Path, Entry]]]:
    batch: list[tuple[Path, Entry]] = []
    for path, entry in blobs:
        batch.append((path, entry))
        if sum(each.size for _, each in batch) >= _BATCH_BYTES or len(batch) >= 500:
            yield batch
            batch = []
    if batch:
        yield batch


def _blob(home: Path, entry: Entry) -> Path:
    return home / "blobs" / entry.hash[:2] / f"{entry.hash}-{'x' if entry.mode & 0o111 else 'r'}"


def _is_whole(path: Path, entry: Entry) -> bool:
    try:
        return path.stat().st_size == entry.size
    except FileNotFoundError:
        return False


def _write_blob(path: Path, data: bytes, entry: Entry) -> None:
    """Write under another name and rename: another process may write the same one."""
    _make(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as draft:
        draft.write(data)
        os.fchmod(draft.fileno(), 0o555 if entry.mode & 0o111 else 0o444)
    os.replace(draft.name, path)  # noqa: PTH105 - draft.name is a string


def flush(paths: Sequence[Path]) -> None:
    """Have the contents on the disk before a name promises that they are there."""
    if len(paths) > _FLUSHED_SINGLY:
        os.sync()
        return
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _draft(manifest: Manifest, home: Path) -> Path:
    """Build the tree beside its place."""
    draft = Path(tempfile.mkdtemp(dir=home / "snapshots", prefix=".draft-"))
    try:
        _furnish(draft, manifest, home)
    except BaseException:
        shutil.rmtree(draft)
        raise
    return draft


def _furnish(draft: Path, manifest: Manifest, home: Path) -> None:
    draft.chmod(0o755)
    for folder in sorted({str(Path(path).parent) for path in manifest}):
        _make(draft / folder)
    for path, entry in manifest.items():
        _place(_blob(home, entry), draft / path)


def _make(folder: Path) -> None:
    """Make a folder, and those above it, to which nobody else may write whatever the umask is: code lies there."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o755, exist_ok=True)
        # A service's umask may be 077: the users that tasks run as read code that they reach through the home folder.
        folder.chmod(0o755)


def _place(blob: Path, path: Path) -> None:
    try:
        path.hardlink_to(blob)
    except OSError:  # no links on this file system, or as many of this file as it allows
        shutil.copy(blob, path)


def _publish(draft: Path, tree: Path) -> None:
    """Give the tree its name; where another process was first, its tree serves as well."""
    try:
        draft.rename(tree)
    except OSError:
        shutil.rmtree(draft)
        if not tree.is_dir():
            raise
