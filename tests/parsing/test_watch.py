"""The watcher tells of changes, of those that concern a DAG folder only, whatever becomes of the folder."""

from __future__ import annotations

from threading import Event

import pytest

from scheduler.parsing.watch import Watcher

WAIT_S = 30


class Ear:
    """Hears a watcher; waiting takes the signal back."""

    def __init__(self):
        self.heard = Event()

    def wait(self, timeout=WAIT_S):
        was_heard = self.heard.wait(timeout)
        self.heard.clear()
        return was_heard


@pytest.fixture
def watch():
    made = []

    def start(folder):
        ear = Ear()
        made.append(Watcher(folder, ear.heard.set))
        made[-1].start()
        return ear

    yield start
    for watcher in made:
        watcher.close()


def touch_until_heard(ear, place):
    """Write until it is heard: when the system begins to watch cannot be seen from outside."""
    for number in range(WAIT_S):
        place.write_text(str(number))
        if ear.wait(1):
            return True
    return False


def test_a_written_file_is_told_of(watch, tmp_path):
    assert touch_until_heard(watch(tmp_path), tmp_path / "a.py")


def test_a_file_in_a_new_folder_is_told_of(watch, tmp_path):
    ear = watch(tmp_path)
    assert touch_until_heard(ear, tmp_path / "a.py")
    (tmp_path / "sub").mkdir()
    assert touch_until_heard(ear, tmp_path / "sub" / "b.py")


def test_an_ignore_file_is_told_of_though_it_is_hidden(watch, tmp_path):
    ear = watch(tmp_path)
    assert touch_until_heard(ear, tmp_path / "a.py")
    assert touch_until_heard(ear, tmp_path / ".dirigentignore")


def test_a_folder_that_is_missing_is_waited_for_and_the_trouble_told_once(watch, tmp_path, caplog):
    folder = tmp_path / "dags"
    ear = watch(folder)
    assert ear.wait()
    folder.mkdir()
    assert touch_until_heard(ear, folder / "a.py")
    assert caplog.text.count("cannot be watched") == 1


def test_a_folder_that_is_replaced_is_watched_anew(watch, tmp_path):
    folder = tmp_path / "dags"
    folder.mkdir()
    ear = watch(folder)
    assert touch_until_heard(ear, folder / "a.py")
    folder.rename(tmp_path / "old")
    folder.mkdir()
    assert touch_until_heard(ear, folder / "b.py")
