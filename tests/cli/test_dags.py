from datetime import UTC, datetime

import pytest

from scheduler.store import Database
from scheduler.store.dag_files import FileRecord, ImportFault, save_files

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ADDING = """
from scheduler import dag, task

@dag(schedule=None)
def adding():
    @task
    def two(params):
        return params.get("by", 1) + 1

    @task
    def show(number):
        print(f"the number is {number}")
        if number > 10:
            raise ValueError("too large")

    show(two())

adding()
"""


@pytest.fixture
def dag_file(project):
    (project / "dags" / "adding.py").write_text(ADDING)
    return project / "dags" / "adding.py"


def test_a_dag_is_run_in_this_process(dirigent, dag_file):
    said = dirigent("dags", "test", "adding")

    assert said.code == 0
    assert "the number is 2" in said.out
    assert "DAG adding: success" in said.out


def test_a_run_that_fails_is_exit_1(dirigent, dag_file):
    said = dirigent("dags", "test", "adding", "--conf", '{"by": 41}')

    assert said.code == 1
    assert "DAG adding: failed" in said.out


def test_the_logical_date_can_be_given(dirigent, dag_file):
    said = dirigent("dags", "test", "adding", "--logical-date", "2026-01-02T00:00:00+00:00")

    assert said.code == 0


@pytest.mark.parametrize("text", ["2026-01-02", "soon"])
def test_a_logical_date_without_a_zone_is_not_understood(dirigent, dag_file, text):
    said = dirigent("dags", "test", "adding", "--logical-date", text)

    assert said.code == 2
    assert text in said.err


@pytest.mark.parametrize(
    ("conf", "sentence"), [("{", "conf is not JSON"), ("[]", "conf must be a JSON object")]
)
def test_a_conf_that_is_no_object_is_refused(dirigent, dag_file, conf, sentence):
    said = dirigent("dags", "test", "adding", "--conf", conf)

    assert said.code == 1
    assert sentence in said.err


def test_broken_files_do_not_hinder_others(dirigent, dag_file):
    dag_file.with_name("broken.py").write_text("import adding_is_not_here")
    dag_file.with_name("exits.py").write_text("raise SystemExit('adding')")

    assert dirigent("dags", "test", "adding").code == 0


def test_a_dag_that_is_not_there_is_named(dirigent, project):
    said = dirigent("dags", "test", "adding")

    assert (said.code, said.err) == (1, "dirigent: There is no DAG 'adding'.\n")


def test_a_dag_that_may_be_in_a_broken_file_is_named_with_the_file(dirigent, project):
    (project / "dags" / "broken.py").write_text("1 / 0")

    said = dirigent("dags", "test", "adding")

    assert said.code == 1
    assert "broken.py: ZeroDivisionError" in said.err


def test_variables_are_given_by_option(dirigent, project):
    (project / "dags" / "reads.py").write_text(
        "from scheduler import DAG, Variable\nwith DAG(Variable.get('name'), schedule=None):\n    pass\n"
    )

    assert dirigent("dags", "test", "named", "--var", "name=named").code == 0
    assert dirigent("dags", "test", "named", "--var", "name").code == 2


@pytest.fixture
def db(dirigent, project):
    dirigent("db", "upgrade")
    database = Database(f"sqlite:///{project}/.dirigent/dirigent.db")
    yield database
    database.close()


def test_files_that_cannot_be_imported_are_listed_and_exit_1(dirigent, db):
    fault = ImportFault(type="NameError", message="name 'x' is not defined", lineno=3, since=NOW)
    assert dirigent("dags", "errors").code == 0
    with db.write() as session:
        save_files(session, [FileRecord(path="a.py", fingerprint="f", parsed_at=NOW, error=fault)])

    said = dirigent("dags", "errors", "-o", "json")

    assert said.code == 1
    assert said.json[0]["filename"] == "a.py"
    assert said.json[0]["lineno"] == 3


def test_an_empty_list_is_an_empty_list(dirigent, db):
    assert dirigent("dags", "list", "-o", "json").json == []


def test_an_unknown_dag_is_named(dirigent, db):
    said = dirigent("dags", "show", "nothing")

    assert (said.code, said.err) == (1, "dirigent: There is no DAG 'nothing'.\n")
