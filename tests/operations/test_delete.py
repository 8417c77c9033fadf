from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduler.errors import Conflict, NotFound
from scheduler.operations.backfills import BackfillRequest, create_backfill
from scheduler.operations.cancel import cancel_run
from scheduler.operations.delete import delete_dag, delete_run
from scheduler.store import dag_files
from scheduler.store.tables import artifact, attempt, dag, dag_run, dag_version, event, task_instance, xcom
from scheduler.store.xcoms import XComRow, put_xcoms
from scheduler.wire import ScheduleSpec
from tests.operations.plays import started_run
from tests.store.specs import NOW, add_dag, spec


def _count(db, table):
    with db.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table))


def test_a_dag_goes_with_all_its_history_and_leaves_others_alone(db, write):
    write(add_dag)
    write(started_run, spec("other"), ended="success")
    for number in range(3):
        ref = write(started_run, run_id=f"r{number}", states={"a": "success", "b": "queued"}, ended="failed")
        write(put_xcoms, NOW, [XComRow(ref.run_pk, "a", "", "return_value", 1)])
    assert delete_dag(db, NOW, "shop", actor="user:ada") == 3
    assert [_count(db, table) for table in (dag, dag_version, dag_run, task_instance)] == [1, 1, 1, 3]
    assert [_count(db, table) for table in (attempt, xcom, artifact)] == [0, 0, 0]
    with db.read() as session:
        told = session.execute(
            sa.select(event.c.kind, event.c.reason).where(event.c.actor == "user:ada")
        ).all()
    assert ("dag.deleted", "with 3 runs") in told


def test_a_dag_with_active_runs_is_kept(db, write):
    write(started_run)
    with pytest.raises(Conflict, match=r"1 of its runs are queued or running\. Cancel them first"):
        delete_dag(db, NOW, "shop", actor="")
    assert _count(db, dag_run) == 1


def test_a_dag_is_kept_while_a_worker_still_stops_what_was_cancelled(db, write):
    write(started_run, states={"a": "running"})
    write(cancel_run, NOW, "shop", "r1", actor="user:ada")
    with pytest.raises(Conflict, match="1 of its attempts are still being stopped"):
        delete_dag(db, NOW, "shop", actor="")
    assert _count(db, dag_run) == 1


def test_the_id_of_a_deleted_version_is_not_given_to_another(db, write):
    first = write(add_dag)
    delete_dag(db, NOW, "shop", actor="")
    other = write(add_dag, spec(code_hash="code-2"))
    assert other.id != first.id
    write(add_dag, spec("other"))
    delete_dag(db, NOW, "shop", actor="")
    with db.read() as session:
        assert set(session.scalars(sa.select(dag_version.c.dag_id))) == {"other"}


def test_the_file_of_a_deleted_dag_is_read_again(db, write):
    write(add_dag)
    write(dag_files.save_files, [dag_files.FileRecord(path="shop.py", fingerprint="f", parsed_at=NOW)])
    delete_dag(db, NOW, "shop", actor="")
    with db.read() as session:
        assert dag_files.load_files(session) == {}


def test_an_unknown_dag_is_told(db):
    with pytest.raises(NotFound, match="There is no DAG 'shop'"):
        delete_dag(db, NOW, "shop", actor="")


def test_the_id_of_a_deleted_attempt_is_not_given_to_another(db, write):
    """It names a log file, and what a worker may still report."""
    write(started_run, states={"a": "queued"}, ended="failed")
    with db.read() as session:
        first = session.scalar(sa.select(sa.func.max(attempt.c.id)))
    delete_dag(db, NOW, "shop", actor="")
    write(started_run, states={"a": "queued"})
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.max(attempt.c.id))) > first


def test_the_id_of_a_deleted_backfill_is_not_given_to_another(db, write):
    """A page left open, or a program, would cancel the other one."""
    first = _begun(write, "shop")
    delete_dag(db, NOW, "shop", actor="")
    assert _begun(write, "other") > first


def _begun(write, dag_id):
    """Begin a backfill of a new DAG; return its id."""
    write(add_dag, spec(dag_id, schedule=ScheduleSpec(kind="cron", cron="0 0 * * *")))
    wanted = BackfillRequest(dag_id=dag_id, from_date=NOW - timedelta(days=5), to_date=NOW)
    return write(create_backfill, NOW, wanted, actor="").id


def _delete_run(db, now, dag_id, *, actor):
    delete_run(db, now, dag_id, "r1", actor=actor)


@pytest.mark.parametrize("delete", [delete_dag, _delete_run])
def test_events_are_counted_on_from_those_of_what_is_deleted(db, write, delete):
    """Listeners and open pages read on from the last one that they have seen."""
    write(started_run, states={"a": "success"}, ended="failed")
    with db.read() as session:
        newest = session.scalar(sa.select(sa.func.max(event.c.id)))
    delete(db, NOW, "shop", actor="user:ada")
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.min(event.c.id)).where(event.c.actor == "user:ada")) > newest
