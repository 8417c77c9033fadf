"""What of stored code may be deleted, and what may not."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.operations.trigger import trigger_run
from scheduler.store import blobs, snapshots
from scheduler.store.dags import move_snapshot
from scheduler.store.tables import snapshot
from scheduler.store.unused_code import delete_unused_snapshots
from tests.store.specs import NOW, add_dag, spec

DAY = timedelta(days=1)


def keep(session, texts, *, now=NOW):
    """Store a folder of these files; return its snapshot."""
    packed = {path: blobs.pack_blob(text.encode()) for path, text in texts.items()}
    blobs.store_blobs(session, packed.values())
    manifest = {path: snapshots.Entry(each.hash, each.size, 0o644) for path, each in packed.items()}
    return snapshots.store_snapshot(session, manifest, now)


def kept(db):
    with db.read() as session:
        return set(session.scalars(sa.select(snapshot.c.id)))


def missing(write, *texts):
    return {text for text in texts if write(blobs.missing_blobs, [blobs.hash_bytes(text.encode())])}


def test_a_snapshot_that_was_replaced_goes_with_the_contents_that_only_it_held(db, write):
    write(keep, {"a.py": "a1", "b.py": "b"})
    new = write(keep, {"a.py": "a2", "b.py": "b"}, now=NOW + DAY)
    assert write(delete_unused_snapshots, NOW + DAY, 10) == 1
    assert kept(db) == {new}
    assert missing(write, "a1", "a2", "b") == {"a1"}


def test_what_was_replaced_lately_stays_however_old_it_is(db, write):
    old = write(keep, {"a.py": "a1"})
    new = write(keep, {"a.py": "a2"}, now=NOW + 9 * DAY)
    assert write(delete_unused_snapshots, NOW + 8 * DAY, 10) == 0
    assert kept(db) == {old, new}


def test_a_folder_that_is_again_as_it_was_is_the_newest_snapshot(db, write):
    first = write(keep, {"a.py": "a1"})
    write(keep, {"a.py": "a2"}, now=NOW + DAY)
    last = write(keep, {"a.py": "a3"}, now=NOW + 2 * DAY)
    assert write(keep, {"a.py": "a1"}, now=NOW + 3 * DAY) == first
    assert write(delete_unused_snapshots, NOW + 9 * DAY, 10) == 1
    assert kept(db) == {first, last}


def test_an_id_is_never_given_again(write):
    write(keep, {"a.py": "a1"})
    last = write(keep, {"a.py": "a2"}, now=NOW + DAY)
    write(keep, {"a.py": "a1"}, now=NOW + 2 * DAY)
    write(delete_unused_snapshots, NOW + 9 * DAY, 10)
    assert write(keep, {"a.py": "a3"}, now=NOW + 9 * DAY) > last


def test_what_a_version_a_dag_or_a_run_refers_to_stays(db, write):
    held = {path: snapshots.Entry("x", 1, 0o644) for path in ("shop.py",)}
    of_version = write(add_dag, spec("shop"), manifest=held).snapshot_id
    of_run = write(keep, {"shop.py": "2"}, now=NOW + DAY)
    write(move_snapshot, of_run, ["shop.py"])
    write(trigger_run, NOW, "shop", run_id="r1", actor="cli")
    of_dag = write(keep, {"shop.py": "3"}, now=NOW + 2 * DAY)
    write(move_snapshot, of_dag, ["shop.py"])
    write(keep, {"shop.py": "4"}, now=NOW + 3 * DAY)
    newest = write(keep, {"shop.py": "5"}, now=NOW + 4 * DAY)
    assert write(delete_unused_snapshots, NOW + 9 * DAY, 10) == 1
    assert kept(db) == {of_version, of_run, of_dag, newest}
    assert missing(write, "2", "3", "4", "5") == {"4"}


def test_a_batch_takes_the_oldest_first(db, write):
    made = [write(keep, {"a.py": str(day)}, now=NOW + day * DAY) for day in range(5)]
    assert write(delete_unused_snapshots, NOW + 9 * DAY, 3) == 3
    assert kept(db) == set(made[3:])
    assert write(delete_unused_snapshots, NOW + 9 * DAY, 3) == 1
    assert write(delete_unused_snapshots, NOW + 9 * DAY, 3) == 0


def test_nothing_to_delete_is_one_statement(db, write):
    write(keep, {"a.py": "a"})
    with db.count() as count:
        assert write(delete_unused_snapshots, NOW + DAY, 10) == 0
    assert len([text for text in count.statements if "BEGIN" not in text]) == 1


@pytest.mark.postgres
def test_no_snapshot_is_stored_while_unused_ones_are_deleted(postgres_db):
    for day in range(3):
        postgres_db.transact(lambda session, day=day: keep(session, {"a.py": str(day)}, now=NOW + day * DAY))
    with postgres_db.write() as first:
        delete_unused_snapshots(first, NOW + 9 * DAY, 10)
        with postgres_db.write() as second:
            second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(Exception, match="lock timeout"):
                keep(second, {"a.py": "0"})
            second.rollback()
