from dataclasses import replace
from datetime import timedelta

from scheduler.store import dag_files
from scheduler.store.dag_files import FileRecord, ImportFault
from tests.store.specs import NOW

GOOD = FileRecord(
    path="shop.py",
    fingerprint="f1",
    parsed_at=NOW,
    seconds=0.25,
    files={"shop.py": "h1", "helpers/money.py": "h2"},
    variables={"region": "h3", "missing": None},
    dag_ids=("shop",),
    warnings=("start_date is in the future",),
)
FAULT = ImportFault(type="SyntaxError", message="invalid syntax", lineno=3, traceback="Traceback ...")
BAD = replace(GOOD, error=FAULT, dag_ids=())


def test_the_last_parse_of_a_file_is_kept_as_it_was(db, write):
    write(dag_files.save_files, [GOOD])
    with db.read() as session:
        assert dag_files.load_files(session) == {"shop.py": GOOD}
        assert dag_files.list_import_errors(session) == []


def test_an_import_error_is_listed_until_the_file_is_good_again(db, write):
    write(dag_files.save_files, [BAD])
    with db.read() as session:
        (listed,) = dag_files.list_import_errors(session)
    assert listed.error == replace(FAULT, since=NOW)
    write(dag_files.save_files, [GOOD])
    with db.read() as session:
        assert dag_files.list_import_errors(session) == []


def test_a_failure_keeps_the_instant_at_which_it_began(db, write):
    later = NOW + timedelta(hours=3)
    write(dag_files.save_files, [BAD])
    write(dag_files.save_files, [replace(BAD, parsed_at=later, error=replace(FAULT, message="worse"))])
    with db.read() as session:
        (listed,) = dag_files.list_import_errors(session)
    assert (listed.error.since, listed.error.message, listed.parsed_at) == (NOW, "worse", later)


def test_a_failure_that_comes_back_begins_anew(db, write):
    later = NOW + timedelta(hours=3)
    for record in (BAD, GOOD, replace(BAD, parsed_at=later)):
        write(dag_files.save_files, [record])
    with db.read() as session:
        assert dag_files.list_import_errors(session)[0].error.since == later


def test_a_file_that_is_gone_is_forgotten(db, write):
    write(dag_files.save_files, [GOOD, replace(GOOD, path="other.py")])
    write(dag_files.forget_files, ["shop.py", "never.py"])
    with db.read() as session:
        assert list(dag_files.load_files(session)) == ["other.py"]
