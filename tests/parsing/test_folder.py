"""The DAG folder: what a sweep finds, stores, and leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from scheduler.errors import LeadLost
from scheduler.operations.delete import delete_dag
from scheduler.parsing.ledger import NOT_BUILT, ContentsLost
from scheduler.store.blobs import load_blobs
from scheduler.store.dag_files import forget_files
from scheduler.store.dags import load_tags, set_next_dues
from scheduler.store.snapshots import load_manifest
from scheduler.store.tables import blob
from scheduler.store.variables import put_variable
from scheduler.wire import ErrorInfo, ParsedFile

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


def test_a_changed_data_file_moves_the_next_runs_to_the_new_snapshot_without_a_parse(yard):
    yard.write("data/rates.csv", "1")
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    before = yard.dag("orders").snapshot_id
    yard.write("data/rates.csv", "2")
    assert yard.sweep() == 0
    assert yard.dag("orders").snapshot_id > before


def test_a_broken_file_shows_its_error_while_the_last_good_version_stays_in_force(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    good = yard.dag("orders")
    yard.write("orders.py", "from scheduler import DAG\n\nrate = 1 / 0\n")
    yard.sweep()
    record = yard.records()["orders.py"]
    assert record.error is not None
    assert (record.error.type, record.error.message, record.error.lineno) == (
        "ZeroDivisionError",
        "division by zero",
        3,
    )
    assert "rate = 1 / 0" in record.error.traceback
    assert record.dag_ids == ("orders",)
    row = yard.dag("orders")
    assert (row.version_id, row.snapshot_id, row.retired_at) == (good.version_id, good.snapshot_id, None)


def test_a_repaired_file_loses_its_error(yard):
    yard.write("orders.py", "from scheduler import DAG\nsyntax error\n")
    yard.sweep()
    assert yard.error("orders.py").startswith("SyntaxError")
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    assert yard.error("orders.py") == ""
    assert yard.dag_ids() == ["orders"]


def test_a_file_that_lacked_a_module_is_parsed_again_when_it_comes(yard):
    yard.write_dag("orders.py", "orders", head="import prices")
    yard.sweep()
    assert yard.error("orders.py").startswith(
        "ModuleNotFoundError: No module named 'prices'. Install it where"
    )
    yard.write("prices.py", "RATE = 1\n")
    assert yard.sweep() == 1
    assert yard.error("orders.py") == ""


def test_two_files_of_one_dag_id_are_both_named_and_the_first_stays(yard):
    yard.write_dag("first.py", "orders")
    yard.sweep()
    yard.write_dag("second.py", "orders")
    yard.sweep()
    assert yard.error("second.py").startswith("DuplicateDag")
    assert "first.py and second.py" in yard.error("second.py")
    assert yard.dag("orders").file == "first.py"
    yard.remove("first.py")
    yard.sweep()
    assert yard.dag("orders").file == "second.py"
    assert yard.dag("orders").retired_at is None
    assert yard.error("second.py") == ""


def test_a_deleted_file_retires_its_dags_and_keeps_their_history(yard):
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.remove("orders.py")
    yard.sweep()
    row = yard.dag("orders")
    assert row.retired_at == yard.now
    assert row.next_run_at is None
    assert len(yard.versions("orders")) == 1
    assert yard.records() == {}


def test_a_file_that_comes_back_brings_its_dags_back(yard):
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.remove("orders.py")
    yard.sweep()
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    assert yard.dag("orders").retired_at is None
    assert yard.dag("orders").next_run_at is not None
    assert len(yard.versions("orders")) == 1


def test_a_renamed_file_keeps_its_dags(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    (yard.root / "orders.py").rename(yard.root / "moved.py")
    yard.sweep()
    assert (yard.dag("orders").file, yard.dag("orders").retired_at) == ("moved.py", None)
    assert set(yard.records()) == {"moved.py"}


def test_a_dag_that_its_file_no_longer_declares_is_retired(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    yard.write_dag("orders.py", "payments")
    yard.sweep()
    assert yard.dag_ids() == ["payments"]


def test_a_file_that_turns_into_something_else_is_gone(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    yard.write("orders.py", "print('nothing to see')\n")
    yard.sweep()
    assert yard.dag_ids() == []


def test_a_deleted_dag_comes_back_while_its_file_stands(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    delete_dag(yard.db, yard.now, "orders", actor="user:ada")
    assert yard.sweep() == 1
    assert yard.dag_ids() == ["orders"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("helper.py", "RATE = 1\n"),
        ("notes.md", "# scheduler DAG\n"),
        (".hidden.py", "from scheduler import DAG\n"),
    ],
)
def test_what_is_no_dag_file_is_not_parsed(lite_yard, path, source):
    lite_yard.write(path, source)
    assert lite_yard.sweep() == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"schedule": "'0 25 * * *'"}, "'25' is no hour"),
        ({"schedule": "'whenever'"}, "whenever"),
        ({"schedule": "'@daily'", "timezone": "'Europe/Berln'"}, "Europe/Berln"),
        (
            {"params": "{'n': Param('x', type='integer')}"},
            "'n' of DAG 'orders' has a default that breaks its schema",
        ),
        ({"params": "{'n': Param(1, type='whole')}"}, "'n' of DAG 'orders' has a schema that cannot be used"),
        (
            {"start_date": "datetime.datetime(2026, 1, 1)"},
            "datetime.datetime(2026, 1, 1, 0, 0) has no time zone",
        ),
    ],
)
def test_what_cannot_work_is_an_import_error_that_names_it(lite_yard, arguments, error):
    lite_yard.write_dag("orders.py", "orders", **arguments)
    lite_yard.sweep()
    assert error in lite_yard.error("orders.py")
    assert lite_yard.dag_ids() == []


@pytest.mark.parametrize("dag_id", ["a/b", "a b", "..", "x" * 300, "🎻"])
def test_an_id_that_cannot_be_is_an_import_error_that_names_it(lite_yard, dag_id):
    lite_yard.write_dag("orders.py", dag_id)
    lite_yard.sweep()
    assert lite_yard.error("orders.py").startswith("BadId")
    assert dag_id in lite_yard.error("orders.py")


def test_a_cycle_is_an_import_error_that_names_its_tasks(lite_yard):
    lite_yard.write(
        "orders.py",
        """
        from scheduler import DAG, EmptyOperator
        with DAG("orders"):
            a, b = EmptyOperator(task_id="extract"), EmptyOperator(task_id="load")
            a >> b >> a
        """,
    )
    lite_yard.sweep()
    assert lite_yard.error("orders.py").startswith("DagCycle")
    assert "extract" in lite_yard.error("orders.py")


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        ("while True: pass", "took longer than 5 s"),
        ("import os; os._exit(7)", "code 7"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("x = bytearray(4_000_000_000)", "MemoryError"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    ],
)
def test_a_harmful_file_harms_nobody_else(lite_yard, harm, error):
    yard = lite_yard
    yard.write("bad.py", f"from scheduler import DAG\n{harm}\n")
    yard.write_dag("good.py", "good")
    yard.sweep()
    assert error in yard.error("bad.py")
    assert yard.dag_ids() == ["good"]


def test_texts_that_a_database_cannot_hold_are_replaced_or_refused(yard):
    yard.write("bad.py", "from scheduler import DAG\nraise ValueError('\\0 and \\udcff')\n")
    yard.write_dag("odd.py", "odd", description="'\\0'", doc_md="'\\udcff'")
    yard.write_dag("good.py", "good")
    yard.sweep()
    assert yard.error("bad.py") == "ValueError: \ufffd and ?"
    assert "good" in yard.dag_ids()
    assert yard.error("odd.py") or "odd" in yard.dag_ids()


def test_a_folder_that_cannot_be_read_is_an_error_on_the_page_and_retires_nothing(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    aside = yard.root.rename(yard.root.with_name("aside"))
    yard.sweep()
    assert "cannot be read: No such file or directory" in yard.error(".")
    assert str(yard.root) in yard.error(".")
    assert yard.dag("orders").retired_at is None
    aside.rename(yard.root)
    yard.sweep()
    assert set(yard.records()) == {"orders.py"}


def test_a_file_that_cannot_be_read_is_an_error_and_retires_nothing(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    yard.remove("orders.py")
    (yard.root / "orders.py").symlink_to("orders.py")
    yard.sweep()
    assert yard.error("orders.py").startswith("Unreadable: orders.py cannot be read")
    assert yard.dag("orders").retired_at is None
    yard.remove("orders.py")
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    assert yard.error("orders.py") == ""


def test_what_is_left_out_is_told(lite_yard, caplog):
    with (lite_yard.root / "huge.bin").open("wb") as huge:
        huge.truncate(60_000_000)
    lite_yard.sweep()
    (warning,) = lite_yard.records()["."].warnings
    assert "huge.bin is left out" in warning
    assert warning in caplog.text
    caplog.clear()
    lite_yard.sweep()
    assert caplog.text == ""
    lite_yard.remove("huge.bin")
    lite_yard.sweep()
    assert lite_yard.records() == {}


# --- Pausing, and when the next run is due ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "arguments", "paused"),
    [
        (False, {}, False),
        (True, {}, True),
        (True, {"is_paused_upon_creation": "False"}, False),
        (False, {"is_paused_upon_creation": "True"}, True),
    ],
)
def test_a_new_dag_arrives_as_its_author_says_or_else_the_setting(lite_yard, setting, arguments, paused):
    lite_yard.folder = lite_yard.new_folder(is_paused=setting)
    lite_yard.write_dag("orders.py", "orders", **arguments)
    lite_yard.sweep()
    assert lite_yard.dag("orders").is_paused is paused


def test_a_run_that_is_due_is_not_passed_over_by_a_parse_of_new_code(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", schedule="'*/2 * * * *'")
    yard.sweep()
    due = yard.dag("orders").next_run_at
    yard.sweep()
    yard.sweep()
    assert due < yard.now
    yard.write_dag("orders.py", "orders", schedule="'*/2 * * * *'", body="return 2")
    yard.sweep()
    assert yard.dag("orders").next_run_at == due


def test_another_schedule_is_counted_anew(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.write_dag("orders.py", "orders", schedule="'@hourly'")
    yard.sweep()
    assert yard.dag("orders").next_run_at == datetime(2026, 11, 21, 15, tzinfo=UTC)
    yard.write_dag("orders.py", "orders", schedule="None")
    yard.sweep()
    assert yard.dag("orders").next_run_at is None


def test_a_continuous_dag_has_one_active_run_whatever_its_author_says(lite_yard):
    lite_yard.write_dag("orders.py", "orders", schedule="'@continuous'", max_active_runs="8")
    lite_yard.sweep()
    assert lite_yard.dag("orders").max_active_runs == 1


def test_a_next_run_that_people_or_the_loop_set_stays_through_other_changes(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.db.transact(lambda session: set_next_dues(session, {"orders": None}))
    yard.write_dag("orders.py", "orders", schedule="'@daily'", body="return 2")
    yard.sweep()
    assert yard.dag("orders").next_run_at is None


# --- As a service -------------------------------------------------------------------------------------------


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


def declare(*dag_ids):
    return "from scheduler import DAG, EmptyOperator\n" + "".join(
        f'with DAG("{dag_id}"):\n    EmptyOperator(task_id="a")\n' for dag_id in dag_ids
    )


@pytest.mark.parametrize("new_file", ["alpha.py", "zulu.py"])
def test_a_dag_that_moves_to_another_file_is_not_retired(yard, new_file):
    yard.write("etl.py", declare("orders", "prices"))
    yard.sweep()
    yard.write("etl.py", declare("orders"))
    yard.write(new_file, declare("prices"))
    yard.sweep()
    assert yard.error(new_file) == ""
    assert (yard.dag("prices").file, yard.dag("prices").retired_at) == (new_file, None)


def test_files_that_swap_their_dags_are_both_taken(yard):
    yard.write_dag("one.py", "orders")
    yard.write_dag("two.py", "prices")
    yard.sweep()
    yard.write_dag("one.py", "prices")
    yard.write_dag("two.py", "orders")
    yard.sweep()
    assert (yard.error("one.py"), yard.error("two.py")) == ("", "")
    assert (yard.dag("orders").file, yard.dag("prices").file) == ("two.py", "one.py")
    assert yard.dag_ids() == ["orders", "prices"]


def test_a_file_whose_environment_could_not_be_built_is_tried_again_though_nothing_changed(lite_yard):
    class Building:
        def __init__(self, parser):
            self.parser = parser
            self.fails = True

        def parse(self, code_root, file, *, timeout_s, memory_bytes):
            if self.fails:
                return ParsedFile(file=file, error=ErrorInfo(type=NOT_BUILT, message="no route"))
            return self.parser.parse(code_root, file, timeout_s=timeout_s, memory_bytes=memory_bytes)

    lite_yard.folder.close()
    lite_yard.parser = building = Building(lite_yard.parser)
    lite_yard.folder = lite_yard.new_folder()
    lite_yard.write_dag("orders.py", "orders")
    lite_yard.sweep()
    assert lite_yard.error("orders.py") == "NotBuilt: no route"
    building.fails = False
    assert lite_yard.sweep() == 1
    assert (lite_yard.error("orders.py"), lite_yard.dag_ids()) == ("", ["orders"])
