"""What is said of names that are not there."""

import pytest

from scheduler.store.absent import no_dag, no_run, no_task
from scheduler.store.blobs import pack_blob, store_blobs
from scheduler.store.dag_files import FileRecord, ImportFault, save_files
from scheduler.store.runs import find_run
from scheduler.wire import TaskSpec
from tests.operations.plays import started_run
from tests.store.specs import NOW, add_dag, spec


def _sentence(db, function, *arguments):
    with db.read() as session:
        return str(function(session, *arguments))


def test_a_dag_is_near_to_one_that_exists(db, write):
    write(add_dag, spec("orders"))

    assert _sentence(db, no_dag, "ordres") == "There is no DAG 'ordres'. Did you mean 'orders'?"
    assert _sentence(db, no_dag, "zebra") == "There is no DAG 'zebra'."


def test_a_dag_that_a_broken_file_names_is_told_with_the_file_and_its_error(db, write):
    blob = pack_blob(b"with DAG('refunds'): (")
    fault = ImportFault(type="SyntaxError", message="'(' was never closed", lineno=1)
    record = FileRecord(path="r.py", fingerprint="f", parsed_at=NOW, files={"r.py": blob.hash}, error=fault)
    write(store_blobs, [blob])
    write(save_files, [record])

    assert _sentence(db, no_dag, "refunds") == (
        "There is no DAG 'refunds'. r.py names it and does not load: line 1: '(' was never closed"
    )
    assert _sentence(db, no_dag, "zebra") == "There is no DAG 'zebra'."


def test_a_run_is_told_with_the_newest_of_its_dag(db, write):
    assert _sentence(db, no_run, "shop", "r9") == "There is no DAG 'shop'."
    write(add_dag, spec("shop"))
    assert _sentence(db, no_run, "shop", "r9") == "There is no run 'shop/r9'. This DAG has no run yet."
    write(started_run, spec("shop"), run_id="r1")
    assert (
        _sentence(db, no_run, "shop", "r9")
        == "There is no run 'shop/r9'. The newest run of this DAG is 'r1'."
    )


@pytest.mark.parametrize(
    ("task_id", "path", "said"),
    [
        ("rows", "", "There is no task 'rows'. Did you mean 'checks.rows'?"),
        ("laod", "", "There is no task 'laod'. Did you mean 'load'?"),
        ("load", "3", "There is no task 'load[3]'. The task has no instance with this path."),
        ("zebra", "", "There is no task 'zebra'. There are: checks.rows, load."),
    ],
)
def test_a_task_is_near_to_one_of_the_run(db, write, task_id, path, said):
    tasks = tuple(TaskSpec(task_id=each, operator="PythonOperator") for each in ("load", "checks.rows"))
    write(started_run, spec("shop", tasks=tasks), run_id="r1")
    with db.read() as session:
        run = find_run(session, "shop", "r1")

    assert _sentence(db, no_task, run.id, task_id, path) == said
