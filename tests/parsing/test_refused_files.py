"""Files of a DAG folder that do not work: they are named, and the last good versions stay in force."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler.parsing.ledger import NOT_BUILT
from scheduler.wire import ErrorInfo, ParsedFile

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


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


def test_a_file_whose_import_does_not_end_is_given_up_and_the_others_stay(lite_yard):
    yard = lite_yard
    yard.write_dag("good.py", "good")
    yard.sweep()
    yard.folder = yard.new_folder(timeout_s=1.0)
    yard.write("bad.py", "from scheduler import DAG\nwhile True: pass\n")
    yard.sweep()
    assert "took longer than 1 s" in yard.error("bad.py")
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
