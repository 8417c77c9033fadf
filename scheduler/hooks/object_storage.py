"""ObjectStoragePath: files and objects of any store that fsspec knows, used like `pathlib.Path`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from scheduler.hooks.object_stores import attached, get_fs


@dataclass(frozen=True, init=False, eq=False)
class ObjectStoragePath:
    """A path such as `s3://bucket/key`, or `s3://CONN_ID@bucket/key`; nothing is opened before it is used.

    It passes between tasks by its address and the id of its connection.
    """

    url: str
    conn_id: str | None
    storage_options: dict[str, Any] = field(repr=False)

    def __init__(
        self, path: str | ObjectStoragePath, *more: str, conn_id: str | None = None, **storage_options: Any
    ) -> None:
        known = path if isinstance(path, ObjectStoragePath) else None
        url, found = (known.url, known.conn_id) if known else _read(str(path))
        options = {**(known.storage_options if known else {}), **storage_options}
        object.__setattr__(self, "url", _joined(url, more))
        object.__setattr__(self, "conn_id", conn_id or found)
        object.__setattr__(self, "storage_options", options)

    # --- What it is called ----------------------------------------------------------------------------------

    def __str__(self) -> str:
        return self.url

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStoragePath) and (self.url, self.conn_id) == (other.url, other.conn_id)

    def __hash__(self) -> int:
        return hash((self.url, self.conn_id))

    def __truediv__(self, part: str) -> ObjectStoragePath:
        return self.joinpath(part)

    @property
    def protocol(self) -> str:
        """The store, as fsspec calls it."""
        return _split(self.url)[0]

    @property
    def bucket(self) -> str:
        """The bucket or server; empty for local files."""
        return _split(self.url)[1]

    container = bucket

    @property
    def key(self) -> str:
        """The name in the bucket, without a slash before it."""
        return str(self._pure).lstrip("/")

    @property
    def path(self) -> str:
        """The path as the filesystem takes it."""
        return f"{self.bucket}/{self.key}" if self.bucket else str(self._pure)

    @property
    def namespace(self) -> str:
        """The store and the bucket."""
        return f"{self.protocol}://{self.bucket}" if self.bucket else self.protocol

    @property
    def name(self) -> str:
        """The last part."""
        return self._pure.name

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return self._pure.stem

    @property
    def suffix(self) -> str:
        """What the name ends in, with its dot."""
        return self._pure.suffix

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return self._pure.parts

    @property
    def parent(self) -> ObjectStoragePath:
        """The folder that it lies in."""
        return self._at(str(self._pure.parent))

    def joinpath(self, *parts: str) -> ObjectStoragePath:
        """Return a path below this one."""
        return ObjectStoragePath(self, *parts)

    def with_name(self, name: str) -> ObjectStoragePath:
        """Return its neighbour of this name."""
        return self._at(str(self._pure.with_name(name)))

    def with_suffix(self, suffix: str) -> ObjectStoragePath:
        """Return the path with another suffix."""
        return self._at(str(self._pure.with_suffix(suffix)))

    def relative_to(self, other: str | ObjectStoragePath) -> PurePosixPath:
        """Return where it lies below another path. Raises ValueError where it does not."""
        base = ObjectStoragePath(other)
        if base.namespace != self.namespace:
            raise ValueError(f"{self} does not lie in {base.namespace}")
        return self._pure.relative_to(base._pure)

    def as_uri(self) -> str:
        """Return the address."""
        return self.url

    as_posix = as_uri

    # --- What is there --------------------------------------------------------------------------------------

    @property
    def fs(self) -> Any:
        """The filesystem, as fsspec gives it, with the options of the connection."""
        return attached(self.protocol, self.conn_id) or get_fs(
            self.protocol, self.conn_id, self.storage_options
        )

    def exists(self) -> bool:
        """Tell whether there is something."""
        return bool(self.fs.exists(self.path))

    def is_file(self) -> bool:
        """Tell whether it is a file or an object."""
        return bool(self.fs.isfile(self.path))

    def is_dir(self) -> bool:
        """Tell whether it is a folder, or names lie below it."""
        return bool(self.fs.isdir(self.path))

    def stat(self) -> dict[str, Any]:
        """Return what the store tells of it: `size` and more. Raises FileNotFoundError."""
        return dict(self.fs.info(self.path))

    def size(self) -> int:
        """Return its size in bytes."""
        return int(self.fs.size(self.path))

    def checksum(self) -> Any:
        """Return what changes with its content."""
        return self.fs.checksum(self.path)

    def sign(self, expiration: int = 100, **options: Any) -> str:
        """Return an address at which anybody may read it for so many seconds."""
        return str(self.fs.sign(self.path, expiration, **options))

    def iterdir(self) -> Iterator[ObjectStoragePath]:
        """Yield what lies in it."""
        for path in self.fs.ls(self.path, detail=False):
            yield self._of_filesystem(path)

    def glob(self, pattern: str) -> Iterator[ObjectStoragePath]:
        """Yield what matches below it."""
        for path in self.fs.glob(f"{self.path.rstrip('/')}/{pattern}"):
            yield self._of_filesystem(path)

    def rglob(self, pattern: str) -> Iterator[ObjectStoragePath]:
        """Yield what matches below it, however deep."""
        yield from self.glob(f"**/{pattern}")

    def samestore(self, other: ObjectStoragePath) -> bool:
        """Tell whether both lie in one store."""
        return (self.protocol, self.conn_id) == (other.protocol, other.conn_id)

    # --- Reading and writing --------------------------------------------------------------------------------

    def open(self, mode: str = "r", **options: Any) -> IO[Any]:
        """Open it."""
        opened: IO[Any] = self.fs.open(self.path, mode=mode, **options)
        return opened

    def read_bytes(self) -> bytes:
        """Return all of it."""
        return bytes(self.fs.cat_file(self.path))

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return all of it as text."""
        return self.read_bytes().decode(encoding)

    def write_bytes(self, data: bytes) -> int:
        """Write all of it; return how many bytes."""
        self.fs.pipe_file(self.path, data)
        return len(data)

    def write_text(self, text: str, encoding: str = "utf-8") -> int:
        """Write all of it as text; return how many characters."""
        self.write_bytes(text.encode(encoding))
        return len(text)

    def touch(self, truncate: bool = True) -> None:
        """Make an empty file, or empty it."""
        self.fs.touch(self.path, truncate=truncate)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Make the folder or the bucket; `mode` is the store's own matter. Raises FileExistsError."""
        if self.exists():
            if not exist_ok:
                raise FileExistsError(str(self))
            return
        self.fs.mkdir(self.path, create_parents=parents)

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the file. Raises FileNotFoundError."""
        if missing_ok and not self.exists():
            return
        self.fs.rm_file(self.path)

    def rmdir(self, recursive: bool = True) -> None:
        """Delete the folder, with all in it."""
        self.fs.rm(self.path, recursive=recursive)

    def copy(self, dst: str | ObjectStoragePath, recursive: bool = False, **options: Any) -> None:
        """Copy the file to `dst`, or into it where that is a folder; a folder with `recursive`, to any store."""
        target = ObjectStoragePath(dst)
        if self.is_dir():
            if not recursive:
                raise IsADirectoryError(f"{self}: copy a folder with recursive=True")
            self._copy_folder(target, options)
            return
        self._copy_file(target / self.name if target.is_dir() else target, options)

    def move(self, path: str | ObjectStoragePath, recursive: bool = False, **options: Any) -> None:
        """Copy it, and delete it here."""
        self.copy(path, recursive=recursive, **options)
        self.fs.rm(self.path, recursive=recursive)

    def replace(self, target: str | ObjectStoragePath) -> ObjectStoragePath:
        """Move the file to `target`, which it takes the place of."""
        self.move(target)
        return ObjectStoragePath(target)

    rename = replace

    def _copy_folder(self, target: ObjectStoragePath, options: Mapping[str, Any]) -> None:
        for found in self.fs.find(self.path):
            file = self._of_filesystem(found)
            file._copy_file(target.joinpath(str(file.relative_to(self))), options)

    def _copy_file(self, target: ObjectStoragePath, options: Mapping[str, Any]) -> None:
        target.fs.makedirs(target.parent.path, exist_ok=True)
        if self.samestore(target):
            self.fs.copy(self.path, target.path, **options)
            return
        with self.open("rb") as source, target.open("wb") as written:
            shutil.copyfileobj(source, written)

    @property
    def _pure(self) -> PurePosixPath:
        return PurePosixPath(_split(self.url)[2])

    def _at(self, path: str) -> ObjectStoragePath:
        url = f"{self.protocol}://{self.bucket}{path}"
        return ObjectStoragePath(url, conn_id=self.conn_id, **self.storage_options)

    def _of_filesystem(self, path: str) -> ObjectStoragePath:
        url = str(self.fs.unstrip_protocol(path)) if not self.bucket else f"{self.protocol}://{path}"
        return ObjectStoragePath(url, conn_id=self.conn_id, **self.storage_options)


def _read(path: str) -> tuple[str, str | None]:
    """Return the address, and the id of the connection that stands before an @."""
    if "://" not in path:
        return f"file://{Path(path).absolute()}", None
    protocol, place, rest = _split(path)
    conn_id, _, bucket = place.rpartition("@")
    return f"{protocol}://{bucket}{rest}", conn_id or None


def _joined(url: str, more: tuple[str, ...]) -> str:
    if not more:
        return url
    protocol, bucket, path = _split(url)
    return f"{protocol}://{bucket}{PurePosixPath(path).joinpath(*(each.lstrip('/') for each in more))}"


def _split(url: str) -> tuple[str, str, str]:
    """Return protocol, bucket and path; names of objects may hold `?` and `#`."""
    protocol, _, rest = url.partition("://")
    bucket, _, path = rest.partition("/")
    return protocol, bucket, f"/{path}"
