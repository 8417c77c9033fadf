"""Logs of ended attempts are shipped, sooner or later, whatever fails."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path

import pytest

from scheduler.errors import ArchiveUnavailable
from scheduler.logs.address import LogAddress
from scheduler.logs.marks import FOLDER
from scheduler.logs.shipper import LogShipper

WAIT_S = 10


def address(attempt_id: int) -> LogAddress:
    return LogAddress(dag_id="d", run_id="r", task_id="t", attempt_id=attempt_id)


class Store:
    """Takes logs, unless it is away; and hears what was shipped."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.noted: list[int] = []
        self.is_away = threading.Event()
        self.asked = threading.Event()
        self.is_told = threading.Event()
        self.notes_fail = False

    def put(self, folder: Path, address: LogAddress) -> None:
        self.asked.set()
        if self.is_away.is_set():
            raise ArchiveUnavailable("no such host")
        self.taken.append(address.attempt_id)

    def note(self, attempt_ids: Collection[int]) -> None:
        if self.notes_fail:
            self.notes_fail = False
            raise ConnectionError("the database is away")
        self.noted.extend(attempt_ids)
        self.is_told.set()


def shipper_of(store: Store, folder: Path) -> LogShipper:
    return LogShipper(store, folder, store.note, first_pause_s=0.005)


def marks(folder: Path) -> list[str]:
    return sorted(mark.name for mark in (folder / FOLDER).glob("*/[0-9]*"))


def test_a_log_is_shipped_when_its_attempt_has_ended_and_not_before(tmp_path: Path) -> None:
    store = Store()
    shipper = shipper_of(store, tmp_path)
    shipper.start()
    shipper.begin(address(1))
    shipper.begin(address(2))
    assert marks(tmp_path) == ["1", "2"]
    shipper.end(1)
    assert store.is_told.wait(WAIT_S)
    shipper.close()
    assert store.taken == store.noted == [1]
    assert marks(tmp_path) == ["2"]


def test_what_ends_as_the_worker_stops_is_shipped(tmp_path: Path) -> None:
    store = Store()
    shipper = shipper_of(store, tmp_path)
    shipper.start()
    for number in range(30):
        shipper.begin(address(number))
        shipper.end(number)
    shipper.close()
    assert sorted(store.taken) == sorted(store.noted) == list(range(30))
    assert marks(tmp_path) == []


def test_what_could_not_be_shipped_is_shipped_later_and_an_outage_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store()
    store.is_away.set()
    shipper = shipper_of(store, tmp_path)
    shipper.start()
    shipper.begin(address(1))
    shipper.end(1)
    for _ in range(3):
        assert store.asked.wait(WAIT_S)
        store.asked.clear()
    store.is_away.clear()
    assert store.is_told.wait(WAIT_S)
    shipper.close()
    assert store.noted == [1]
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == [
        "The log of attempt 1 was not shipped and is kept: no such host"
    ]


def test_what_was_shipped_and_not_noted_is_noted_later(tmp_path: Path) -> None:
    store = Store()
    store.notes_fail = True
    shipper = shipper_of(store, tmp_path)
    shipper.start()
    shipper.begin(address(1))
    shipper.end(1)
    assert store.is_told.wait(WAIT_S)
    shipper.close()
    assert store.taken == [1, 1]
    assert marks(tmp_path) == []


def test_a_worker_that_starts_again_ships_what_the_one_before_it_left(tmp_path: Path) -> None:
    store = Store()
    before, beside = shipper_of(store, tmp_path), shipper_of(store, tmp_path)
    for shipper, number in ((before, 1), (beside, 2)):
        shipper.start()
        shipper.begin(address(number))
    (own,) = (tmp_path / FOLDER).glob("*/1")
    own.with_name("3").write_text("half a ma")
    own.with_name("4").write_text('{"dag_id": "../..", "run_id": "r", "attempt_id": 4}')
    before.close()
    after = shipper_of(store, tmp_path)
    after.start()
    after.close()
    assert store.taken == store.noted == [1]
    beside.close()
