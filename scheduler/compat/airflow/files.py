"""`airflow.utils.file` and `airflow.utils.net`."""

from __future__ import annotations

import socket
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

__all__ = ["TemporaryDirectory", "get_hostname", "list_py_file_paths", "mkdirs", "open_maybe_zipped"]


def list_py_file_paths(directory: str | Path, **_options: Any) -> list[str]:
    """Return the Python files of a folder that may declare a DAG."""
    files = sorted(Path(directory).rglob("*.py"))
    return [str(each) for each in files if b"dag" in each.read_bytes().lower()]


def open_maybe_zipped(fileloc: str, mode: str = "r") -> IO[Any]:
    """Open a file, which may be one within a zip archive: `folder.zip/file.py`."""
    archive, ending, inner = fileloc.partition(".zip/")
    if ending and zipfile.is_zipfile(f"{archive}.zip"):
        return zipfile.ZipFile(f"{archive}.zip").open(inner)
    return Path(fileloc).open(mode)  # the caller closes it


def mkdirs(path: str, mode: int) -> None:
    """Make a folder, and those above it."""
    Path(path).mkdir(mode=mode, parents=True, exist_ok=True)


def get_hostname() -> str:
    """Return the name of this host."""
    return socket.getfqdn()
