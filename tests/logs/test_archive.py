"""Logs are shipped to any store that fsspec knows, and read there as they were read before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from scheduler.clock import SystemClock
from scheduler.errors import ArchiveUnavailable, BadSetting
from scheduler.logs.address import LogAddress
from scheduler.logs.archive import Archive
from scheduler.logs.reader import read, size
from scheduler.logs.sink import LogSink

CLOCK = SystemClock()
ADDRESS = LogAddress(dag_id="shop", run_id="manual__2026-11-21T14:03:11+00:00", task_id="load", attempt_id=7)
OTHER = LogAddress(dag_id="shop", run_id="manual__2026-11-21T14:03:11+00:00", task_id="load", attempt_id=71)


class Bucket(MemoryFileSystem):  # type: ignore[misc]
    """A store of another kind: without folders on a disk, and with errors of its own while it is away."""

    protocol = "bucket"
    is_away = False

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        return super()._strip_protocol(path.replace("bucket://", "memory://"))

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        self._check()
        return super().ls(path, detail=detail, **options)

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        self._check()
        super().put_file(lpath, rpath, **options)

    def _check(self) -> None:
        if Bucket.is_away:
            raise RuntimeError("no such host")


fsspec.register_implementation("bucket", Bucket)


@pytest.fixture(params=["file", "bucket"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return Archive(f"{request.param}://{tmp_path}/archive")


def write(folder: Path, address: LogAddress, count: int) -> None:
    log = LogSink(address.file(folder), CLOCK, limit=100_000)
    for number in range(count):
        log.line("info", "stdout", f"line {number} " + "x" * 50)
        log.flush()
    log.close()


@pytest.mark.parametrize("count", [1, 2_000], ids=["short", "with a gap"])
def test_a_log_is_the_same_in_the_archive(tmp_path: Path, archive: Archive, count: int) -> None:
    write(tmp_path, ADDRESS, count)
    write(tmp_path, OTHER, 3)
    for address in (ADDRESS, OTHER):
        archive.put(tmp_path, address)
    offset, is_done = 0, False
    while not is_done:
        there = archive.read(ADDRESS, offset, 20_000)
        assert there is not None
        assert there == read(tmp_path, ADDRESS, offset, 20_000)
        offset, is_done = there.next_offset, there.done
    assert archive.size(ADDRESS) == size(tmp_path, ADDRESS) == offset


def test_what_was_never_shipped_is_none(archive: Archive) -> None:
    archive.check()
    assert archive.read(ADDRESS, 0) is None
    assert archive.size(ADDRESS) is None


def test_a_log_that_is_gone_is_none_to_ship(tmp_path: Path, archive: Archive) -> None:
    archive.put(tmp_path, ADDRESS)
    assert archive.read(ADDRESS, 0) is None


def test_a_store_that_is_away_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive("bucket://user/logs")
    write(tmp_path, ADDRESS, 1)
    monkeypatch.setattr(Bucket, "is_away", True)
    for ask in (
        archive.check,
        lambda: archive.put(tmp_path, ADDRESS),
        lambda: archive.read(ADDRESS, 0),
        lambda: archive.size(ADDRESS),
    ):
        with pytest.raises(ArchiveUnavailable, match="bucket://user/logs cannot be reached: no such host"):
            ask()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("memory://logs", "nothing can be kept at memory://"),
        ("https://host/logs", "nothing can be kept at https://"),
        ("nonsense://host/logs", "nonsense"),
        ("file:///dev/null/logs", "the folder cannot be made: Not a directory"),
    ],
)
def test_an_address_that_is_no_good_is_refused_with_the_setting_and_the_value(url: str, words: str) -> None:
    with pytest.raises(BadSetting, match=f"DIRIGENT_LOG_URL='{url}': .*{words}"):
        Archive(url)


def test_the_password_in_an_address_is_not_said() -> None:
    with pytest.raises(BadSetting) as caught:
        Archive("nonsense://ann:hunter22@host/logs")
    assert "hunter22" not in str(caught.value)
    assert caught.value.__cause__ is None
