from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scheduler.store import Database
from scheduler.store.dag_files import FileRecord, ImportFault, save_files
from scheduler.store.snapshots import Entry, store_snapshot

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


def test_tasks_are_played_and_fail_by_option(dirigent, dag_file):
    said = dirigent("dags", "test", "adding", "--mock", "two=7", "--fail", "show=1")
    assert said.code == 1
    assert "the test has try 1 of 'show' fail" in said.out
    assert dirigent("dags", "test", "adding", "--fail", "show=often").code == 2


def test_a_task_is_run_alone_on_values_that_are_given(dirigent, dag_file):
    said = dirigent("tasks", "test", "adding", "show", "--xcom", "two=7")
    assert said.code == 0
    assert "the number is 7" in said.out
    assert "two: try" not in said.out
    assert "two returned 6" in dirigent("tasks", "test", "adding", "two", "--conf", '{"by": 5}').out
    assert dirigent("tasks", "test", "adding", "show", "--xcom", "two=70").code == 1


def test_connections_and_the_instant_are_given_by_option(dirigent, project):
    (project / "dags" / "named.py").write_text(
        "from scheduler import DAG, Connection, task\n"
        "@task\n"
        "def read(ti): return [Connection.get('db').host, str(ti.start_date)]\n"
        "with DAG('named'): read()\n"
    )
    said = dirigent(
        "tasks", "test", "named", "read", "--conn", "db=http://here", "--now", "2026-01-02T00:00Z"
    )
    assert "read returned ['here', '2026-01-02 00:00:00+00:00']" in said.out


def test_schedules_are_simulated_without_running_anything(dirigent, project):
    (project / "dags" / "nightly.py").write_text(
        "from scheduler import DAG, EmptyOperator\n"
        "with DAG('nightly', schedule='@daily', max_active_runs=1):\n"
        "    EmptyOperator(task_id='work', retries=1, retry_delay=60)\n"
    )
    span = ("--from", "2026-01-01T12:00Z", "--until", "2026-01-04T12:00Z")
    said = dirigent("dags", "simulate", *span, "--duration", "work=90000", "--fail", "nightly/work=1")
    assert said.code == 0
    assert "nightly  2026-01-02 00:00:00  2026-01-02 00:00:00  2026-01-02 00:00:00" in said.out
    assert said.out.endswith("2 runs; at most 1 at once, with 1 tasks.\n")

    runs = dirigent("dags", "simulate", "nightly", *span, "-o", "json").json
    assert [run["started_at"] for run in runs] == [f"2026-01-0{day}T00:00:00+00:00" for day in (2, 3, 4)]
    assert dirigent("dags", "simulate", *span, "--duration", "work=long").code == 2
    assert "no task 'other'" in dirigent("dags", "simulate", *span, "--fail", "other=1").err.replace(
        "has a", "no"
    )


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
    dag_file.with_name("broken.py").write_text("from scheduler import dag; import adding_is_not_here")
    dag_file.with_name("exits.py").write_text("from scheduler import dag; raise SystemExit('adding')")

    assert dirigent("dags", "test", "adding").code == 0


def test_a_dag_that_is_not_there_is_named(dirigent, project):
    said = dirigent("dags", "test", "adding")

    assert (said.code, said.err) == (1, "dirigent: There is no DAG 'adding'.\n")


def test_a_dag_that_may_be_in_a_broken_file_is_named_with_the_file(dirigent, project):
    (project / "dags" / "broken.py").write_text("from scheduler import dag; 1 / 0")

    said = dirigent("dags", "test", "adding")

    assert said.code == 1
    assert "broken.py: line 1: ZeroDivisionError" in said.err


def test_only_files_that_a_server_would_import_are_imported(dirigent, dag_file):
    dag_file.with_name("plain.py").write_text("print('imported')")
    dag_file.with_name(".dirigentignore").write_text("ignored.py")
    dag_file.with_name("ignored.py").write_text("from scheduler import dag; print('imported')")

    said = dirigent("dags", "test", "addition")

    assert said.err == "dirigent: There is no DAG 'addition'. Did you mean 'adding'?\n"
    assert "imported" not in said.out


def test_of_many_broken_files_three_are_explained_those_that_name_the_dag_first(dirigent, project):
    for name in "abcde":
        (project / "dags" / f"{name}.py").write_text("from scheduler import dag; 1 / 0")
    (project / "dags" / "z.py").write_text("from scheduler import dag\nadding = (")

    said = dirigent("dags", "test", "adding")

    assert "These do not: z.py: line 2: SyntaxError: '(' was never closed; a.py: line 1:" in said.err
    assert said.err.endswith("; and 3 more.\n")


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


def test_the_list_of_dags_names_the_files_that_do_not_load(dirigent, db):
    fault = ImportFault(type="NameError", message="name 'x' is not defined", lineno=3, since=NOW)
    with db.write() as session:
        save_files(session, [FileRecord(path="a.py", fingerprint="f", parsed_at=NOW, error=fault)])

    said = dirigent("dags", "list", "-o", "json")

    assert (said.code, said.json) == (0, [])
    assert said.err == "1 file does not load: a.py. `dirigent dags errors` says why.\n"


def test_each_python_file_is_listed_with_what_it_gave(dirigent, db):
    fault = ImportFault(type="NameError", message="name 'x' is not defined", lineno=3, since=NOW)
    helper = FileRecord(path="helper.py", fingerprint="f", parsed_at=NOW)
    records = [
        helper,
        replace(helper, path="broken.py", error=fault),
        replace(helper, path="good.py", dag_ids=("shop",)),
        replace(helper, path="uncalled.py", warnings=("uncalled.py:2: UserWarning: never called",)),
    ]
    paths = [*(record.path for record in records), "plain.py", "rows.csv"]
    with db.write() as session:
        save_files(session, records)
        store_snapshot(session, {path: Entry("0" * 64, 1, 0o644) for path in paths}, NOW)

    said = dirigent("dags", "files", "-o", "json")

    assert {each["filename"]: each["finding"] for each in said.json} == {
        "broken.py": "does not load: line 3: NameError: name 'x' is not defined",
        "good.py": "loads",
        "helper.py": "declares no DAG",
        "plain.py": "not imported: a DAG file holds the word 'dag', and 'scheduler' or 'airflow'",
        "uncalled.py": "uncalled.py:2: UserWarning: never called",
    }


def test_an_empty_list_is_an_empty_list(dirigent, db):
    assert dirigent("dags", "list", "-o", "json").json == []


def test_an_unknown_dag_is_named(dirigent, db):
    said = dirigent("dags", "show", "nothing")

    assert (said.code, said.err) == (1, "dirigent: There is no DAG 'nothing'.\n")
