from datetime import timedelta

import pytest

from scheduler.errors import NotFound
from scheduler.store import blobs, snapshots
from scheduler.store.views.deploys import newest_deploy
from tests.store.specs import NOW

FILES = {"b.py": snapshots.Entry("2", 20, 0o755), "a.py": snapshots.Entry("1", 10, 0o644)}


def test_a_snapshot_is_kept_as_it_was(db, write):
    stored = write(snapshots.store_snapshot, FILES, NOW)
    with db.read() as session:
        assert snapshots.load_manifest(session, stored) == FILES


def test_the_same_files_in_another_order_are_the_same_snapshot(db, write):
    first = write(snapshots.store_snapshot, FILES, NOW)
    assert write(snapshots.store_snapshot, dict(reversed(FILES.items())), NOW) == first
    other = write(snapshots.store_snapshot, {**FILES, "c.py": snapshots.Entry("3", 1, 0o644)}, NOW)
    assert other != first
    with db.read() as session:
        assert snapshots.newest_snapshot(session) == other


def test_a_folder_has_been_as_it_is_since_it_last_changed(db, write):
    def since():
        with db.read() as session:
            return newest_deploy(session)

    other = {**FILES, "c.py": snapshots.Entry("3", 1, 0o644)}
    write(snapshots.store_snapshot, FILES, NOW)
    for minute, files, expected in ((1, FILES, 0), (2, other, 2), (3, FILES, 3), (4, FILES, 3)):
        write(snapshots.store_snapshot, files, NOW + timedelta(minutes=minute))
        assert since() == NOW + timedelta(minutes=expected)


def test_an_unknown_snapshot_is_an_error(db):
    with db.read() as session, pytest.raises(NotFound, match="snapshot '9'"):
        snapshots.load_manifest(session, 9)


def test_contents_are_stored_once_and_come_back_as_they_were(db, write):
    contents = [b"", b"print('hello')\n" * 1000, bytes(range(256))]
    packed = [blobs.pack_blob(each) for each in contents]
    names = [each.hash for each in packed]
    assert write(blobs.missing_blobs, names) == set(names)
    write(blobs.store_blobs, packed)
    write(blobs.store_blobs, packed)
    assert write(blobs.missing_blobs, [*names, "unknown"]) == {"unknown"}
    with db.read() as session:
        assert blobs.load_blobs(session, [*names, "unknown"]) == dict(zip(names, contents, strict=True))


def test_more_files_than_one_statement_can_name_are_looked_up(write):
    assert len(write(blobs.missing_blobs, [str(number) for number in range(40_000)])) == 40_000
