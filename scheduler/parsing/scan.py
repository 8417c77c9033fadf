"""What files the DAG folder holds right now: one `stat` a file, nothing is read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from scheduler.parsing.ignore import Rules, is_hidden, read_rules
from scheduler.parsing.plain import is_of_kernel

#: Larger files are left out of snapshots: every worker would have to fetch them.
MAX_BYTES: Final = 50_000_000
#: Characters of a path below the DAG folder.
MAX_PATH: Final = 500
#: The DAG folder itself, where a path below it is asked for.
ROOT: Final = "."


class Trace(NamedTuple):
    """What changes whenever a file changes; `mode` holds the permission bits."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    mode: int


@dataclass(slots=True)
class Scan:
    """The files by path, '/' separated; what cannot be read (ROOT: the folder itself); what was left out."""

    files: dict[str, Trace] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def hides(self, path: str) -> bool:
        """Tell whether `path` may exist unseen, at or below something that cannot be read."""
        return any(place in (ROOT, path) or path.startswith(f"{place}/") for place in self.unreadable)


class _Folder(NamedTuple):
    path: Path
    prefix: str
    rules: Rules | None
    above: frozenset[tuple[int, int]]  #: device and inode of the folders it lies in, against circles of links
    apart: Path | None  #: the home folder: its files are not for tasks; a snapshot of snapshots has no end


def scan_folder(root: Path, apart: Path | None = None) -> Scan:
    """Look at everything in the DAG folder that is not ignored. Never raises OSError.

    Links are followed, but not into `apart`, nor to where the kernel tells of this very process.
    """
    scan = Scan()
    try:
        open_folders = [_Folder(root, "", None, frozenset({_identity(root.stat())}), _resolved(apart, root))]
    except OSError as error:
        scan.unreadable[ROOT] = words(error)
        return scan
    while open_folders:
        folder = open_folders.pop()
        try:
            open_folders += _look_into(folder, scan)
        except OSError as error:
            scan.unreadable[folder.prefix.rstrip("/") or ROOT] = words(error)
    return scan


def _resolved(apart: Path | None, root: Path) -> Path | None:
    """Return where the home folder really is; a DAG folder that lies in it is read all the same."""
    place = None if apart is None else apart.resolve()
    return None if place is None or root.resolve().is_relative_to(place) else place


def _look_into(folder: _Folder, scan: Scan) -> list[_Folder]:
    """Add the files of one folder to the scan; return the folders in it."""
    with os.scandir(folder.path) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    rules = read_rules(folder.path, folder.prefix, folder.rules, scan.warnings)
    here = folder._replace(rules=rules)
    seen = [_look_at(entry, here, scan) for entry in entries if not is_hidden(entry.name)]
    return [each for each in seen if each is not None]


def _look_at(entry: os.DirEntry[str], folder: _Folder, scan: Scan) -> _Folder | None:
    path = folder.prefix + entry.name
    try:
        found = entry.stat()
    except FileNotFoundError:
        return None  # gone meanwhile, or a link to nowhere
    except OSError as error:
        scan.unreadable[path] = words(error)
        return None
    is_folder = stat.S_ISDIR(found.st_mode)
    if folder.rules and folder.rules.is_ignored(f"{path}/" if is_folder else path):
        return None
    if reason := _why_apart(entry, found, folder):
        scan.warnings.append(f"{path} is left out, so that tasks will not see it: {reason}")
        return None
    if is_folder:
        return _enter(entry, found, folder)
    if stat.S_ISREG(found.st_mode):
        _add(path, found, scan)
    return None


def _why_apart(entry: os.DirEntry[str], found: os.stat_result, folder: _Folder) -> str:
    """Say why a place is not for tasks to see; empty where it is."""
    if is_of_kernel(found):
        return "it leads to the system's own files. Remove the link."
    is_other = entry.is_symlink() or entry.is_dir()
    if folder.apart and is_other and Path(entry.path).resolve().is_relative_to(folder.apart):
        return "it leads into the home folder, which holds Dirigent's secrets. Keep the two apart."
    return ""


def _enter(entry: os.DirEntry[str], found: os.stat_result, folder: _Folder) -> _Folder | None:
    identity = _identity(found)
    if identity in folder.above:
        return None
    return _Folder(
        Path(entry.path),
        f"{folder.prefix}{entry.name}/",
        folder.rules,
        folder.above | {identity},
        folder.apart,
    )


def _identity(found: os.stat_result) -> tuple[int, int]:
    return (found.st_dev, found.st_ino)


def _add(path: str, found: os.stat_result, scan: Scan) -> None:
    if found.st_size > MAX_BYTES:
        scan.warnings.append(
            f"{path} is left out, so that tasks will not see it: it has {found.st_size:,} bytes, the limit is "
            f"{MAX_BYTES:,}. Name it in .dirigentignore, or read it from where it is kept."
        )
    elif not _is_text(path):
        scan.warnings.append(f"{path!r} is left out: its name is not UTF-8.")
    elif len(path) > MAX_PATH:
        scan.warnings.append(f"{path[:80]}… is left out: its path has more than {MAX_PATH} characters.")
    else:
        mode = stat.S_IMODE(found.st_mode)
        scan.files[path] = Trace(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, mode)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def words(error: OSError) -> str:
    """Say what is wrong, without the path."""
    return error.strerror or type(error).__name__
