"""The DAG folder: what a sweep finds, stores, and leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from scheduler.errors import LeadLost
from scheduler.operations.schedule_meaning import set_meaning
from scheduler.parsing.freshness import provided_by
from scheduler.parsing.ledger import ContentsLost
from scheduler.store.blobs import load_blobs
from scheduler.store.dag_files import forget_files
from scheduler.store.dags import load_tags
from scheduler.store.snapshots import load_manifest
from scheduler.store.tables import blob
from scheduler.store.variables import put_variable
from scheduler.store.versions import load_graph

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class PlainCipher:
    """Seals nothing: what is kept does not matter here."""

    def seal(self, text):
        return text.encode()

    def unseal(self, data):
        return data.decode()


def test_a_new_file_is_stored_as_a_version_in_a_snapshot_with_its_tags_and_next_run(yard):
    yard.write_dag(
        "etl/orders.py", "orders", schedule="'0 6 * * *'", tags="['shop', 'daily']", max_active_runs="3"
    )
    assert yard.sweep() == 1
    row = yard.dag("orders")
    assert (row.file, row.is_paused, row.max_active_runs) == ("etl/orders.py", False, 3)
    assert row.next_run_at == datetime(2026, 11, 22, 6, tzinfo=UTC)
    (version,) = yard.versions("orders")
    assert (row.version_id, version.number) == (version.id, 1)
    with yard.db.read() as session:
        assert list(load_manifest(session, row.snapshot_id)) == ["etl/orders.py"]
        assert load_tags(session, ["orders"]) == {"orders": ("daily", "shop")}


def test_an_unchanged_folder_costs_no_parse_and_no_commit(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    with yard.db.count() as count:
        assert yard.sweep() == 0
    assert count.commits == 0
    assert len(count.statements) <= 6


def test_a_folder_of_a_scheduler_that_leads_no_more_leaves_what_its_successor_read(yard):
    yard.write_dag("orders.py", "orders", body="return 1")
    yard.sweep()
    newest = yard.dag("orders").version_id

    def lost(work):
        raise LeadLost("another leads")

    late = yard.new_folder(transact=lost)
    yard.write_dag("orders.py", "orders", body="return 2")
    with pytest.raises(LeadLost):
        late.sweep(NOW)
    late.close()
    assert yard.dag("orders").version_id == newest


def test_a_changed_function_body_makes_a_new_version(yard):
    yard.write_dag("orders.py", "orders", body="return 1")
    yard.sweep()
    yard.write_dag("orders.py", "orders", body="return 2")
    assert yard.sweep() == 1
    assert [version.number for version in yard.versions("orders")] == [2, 1]
    assert yard.dag("orders").version_id == yard.versions("orders")[0].id


def test_a_restarted_scheduler_parses_nothing_that_is_on_record(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    yard.folder.close()
    yard.folder = yard.new_folder()
    assert yard.sweep() == 0
    assert len(yard.versions("orders")) == 1


@pytest.mark.slow
def test_a_file_that_asks_for_the_time_parsed_100_times_makes_one_version(lite_yard):
    yard = lite_yard
    yard.write_dag(
        "clock.py",
        "clock",
        start_date="datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)",
        description="f'made at {datetime.datetime.now()}'",
        params="{'day': str(datetime.datetime.now())}",
    )
    for _ in range(100):
        yard.db.transact(lambda session: forget_files(session, ["clock.py"]))
        assert yard.sweep() == 1
    assert len(yard.versions("clock")) == 1


def test_a_changed_module_parses_its_users_again_and_nobody_else(yard):
    yard.write("shop/__init__.py", "")
    yard.write("shop/prices.py", "RATE = 1\n")
    yard.write_dag("orders.py", "orders", head="from shop.prices import RATE")
    yard.write_dag("other.py", "other")
    assert yard.sweep() == 2
    yard.write("shop/prices.py", "RATE = 22\n")
    assert yard.sweep() == 1
    assert (len(yard.versions("orders")), len(yard.versions("other"))) == (2, 1)


def test_a_changed_file_that_the_import_opened_parses_its_reader_again(yard):
    yard.write("tables.txt", "orders")
    read = "import pathlib; NAMES = pathlib.Path(__file__).with_name('tables.txt').read_text().split()"
    yard.write_dag("dynamic.py", "dynamic", head=read, tags="NAMES")
    yard.sweep()
    yard.write("tables.txt", "orders payments")
    assert yard.sweep() == 1
    with yard.db.read() as session:
        assert load_tags(session, ["dynamic"]) == {"dynamic": ("orders", "payments")}


def test_a_file_that_comes_into_a_folder_that_the_import_listed_parses_its_reader_again(yard):
    yard.write("tables/orders.yaml", "")
    listing = "import pathlib; NAMES = [p.stem for p in pathlib.Path(__file__).parent.glob('tables/*.yaml')]"
    yard.write_dag("dynamic.py", "dynamic", head=listing, tags="NAMES")
    yard.write_dag("other.py", "other")
    assert yard.sweep() == 2
    yard.write("tables/payments.yaml", "")
    assert yard.sweep() == 1
    yard.write("elsewhere/new.yaml", "")
    assert yard.sweep() == 0
    with yard.db.read() as session:
        assert load_tags(session, ["dynamic"]) == {"dynamic": ("orders", "payments")}


def test_a_changed_variable_parses_its_reader_again(yard):
    yard.write_dag("orders.py", "orders", head="RATE = Variable.get('rate', '1')")
    yard.write_dag("other.py", "other")
    assert yard.sweep() == 2
    yard.db.transact(lambda session: put_variable(session, yard.now, PlainCipher(), "rate", "2"))
    assert yard.sweep() == 1
    assert yard.records()["orders.py"].variables.keys() == {"rate"}
    assert yard.sweep() == 0


def test_what_was_said_of_an_ambiguous_schedule_holds_when_its_file_changes(lite_yard):
    yard, source = lite_yard, "from airflow import DAG\nDAG('orders', schedule='@daily')\n"

    def meaning():
        yard.sweep()
        with yard.db.read() as session:
            schedule = load_graph(session, yard.dag("orders").version_id).schedule
        return schedule.kind, schedule.meaning

    yard.write("orders.py", source)
    assert meaning() == ("cron", "unsure")
    yard.db.transact(lambda session: set_meaning(session, yard.now, "orders", "interval", actor="cli"))
    assert meaning() == ("cron_interval", "interval")
    yard.write("orders.py", f"# Changed.\n{source}")
    assert meaning() == ("cron_interval", "interval")


def test_a_variable_that_the_environment_holds_is_asked_again_after_a_restart(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", head="RATE = Variable.get('rate', '1')")
    yard.write_dag("other.py", "other", head="RATE = Variable.get('other', '1')")
    held = provided_by({"AIRFLOW_VAR_RATE": "2", "AIRFLOW_HOME": "/", "DIRIGENT_CONN_SHOP": "x://"}, NOW)
    assert held.keys() == {"env:VAR_RATE", "env:CONN_SHOP"}
    for provided, parses in (({}, 2), (held, 1), (held, 0), ({}, 1)):
        yard.folder = yard.new_folder(provided=provided)
        assert yard.sweep() == parses


def test_a_changed_data_file_moves_the_next_runs_to_the_new_snapshot_without_a_parse(yard):
    yard.write("data/rates.csv", "1")
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    before = yard.dag("orders").snapshot_id
    yard.write("data/rates.csv", "2")
    assert yard.sweep() == 0
    assert yard.dag("orders").snapshot_id > before


def wait_until(yard, condition):
    """Wait for commits, not for time: each one that matters sets the wake."""
    for _ in range(50):
        if condition():
            return True
        yard.db.wake.wait(1.0)
    return condition()


def test_a_started_folder_sees_new_changed_and_deleted_files_by_itself(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders")
    yard.folder.start()
    assert wait_until(yard, lambda: yard.dag_ids() == ["orders"])
    yard.write_dag("sub/payments.py", "payments")
    assert wait_until(yard, lambda: yard.dag_ids() == ["orders", "payments"])
    yard.write_dag("orders.py", "orders", body="return 2")
    assert wait_until(yard, lambda: len(yard.versions("orders")) == 2)
    yard.remove("orders.py")
    assert wait_until(yard, lambda: yard.dag_ids() == ["payments"])


def test_a_file_that_hangs_does_not_hold_up_the_ones_that_come_after_it(lite_yard):
    yard = lite_yard
    yard.write("hang.py", "from scheduler import DAG\nwhile True: pass\n")
    yard.folder.start()
    yard.write_dag("orders.py", "orders")
    assert wait_until(yard, lambda: yard.dag_ids() == ["orders"])
    record = yard.records().get("hang.py")
    assert record is None or record.parsed_at > yard.records()["orders.py"].parsed_at


def test_contents_that_were_deleted_from_the_database_are_stored_anew_with_the_next_snapshot(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    with yard.db.write() as session:
        session.execute(sa.delete(blob))
    yard.write("notes.txt", "new")
    with pytest.raises(ContentsLost):
        yard.sweep()
    yard.sweep()
    with yard.db.read() as session:
        manifest = load_manifest(session, yard.dag("orders").snapshot_id)
        assert set(manifest) == {"orders.py", "notes.txt"}
        assert len(load_blobs(session, [entry.hash for entry in manifest.values()])) == 2
