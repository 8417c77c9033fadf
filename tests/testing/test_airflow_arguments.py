"""`dag.test()` as files written for Airflow call it."""

import json
from datetime import UTC, datetime

import pytest

from scheduler import DAG, BashOperator, Connection, Variable, task
from scheduler.errors import BadDag
from scheduler.testing.airflow_arguments import BadGivenFile

VARIABLES = {"region": "north", "limits": {"rows": 3}}
CONNECTIONS = {"one": "http://here:80/", "two": {"conn_type": "http", "host": "there"}}
ENV = '# said once\nregion=north\nlimits={"rows": 3}\n'


def reading():
    with DAG("d") as dag:

        @task
        def read():
            hosts = [Connection.get(each).host for each in ("one", "two")]
            return [Variable.get("region"), Variable.get("limits", deserialize_json=True), *hosts]

        BashOperator(task_id="wait_for_it", bash_command="exit 1") >> read()
    return dag


def written(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


@pytest.mark.parametrize("name", ["variables.json", "variables.yaml", "variables.env"])
def test_variables_and_connections_come_from_files_and_tasks_of_a_pattern_count_as_done(tmp_path, name):
    result = reading().test(
        variable_file_path=written(tmp_path, name, ENV if name.endswith("env") else json.dumps(VARIABLES)),
        conn_file_path=written(tmp_path, "connections.json", json.dumps(CONNECTIONS)),
        mark_success_pattern="wait_for_.*",
        use_executor=False,
    )
    assert result.xcoms["read"] == ["north", {"rows": 3}, "here", "there"]
    assert (result.task_states["wait_for_it"], result.order) == ("success", ["read"])


def test_the_logical_date_has_its_older_names():
    with DAG("d") as dag:

        @task
        def day(ds=None):
            return ds

        day()
    instant = datetime(2026, 2, 3, tzinfo=UTC)
    for result in (dag.test(execution_date=instant), dag.test(run_after=instant)):
        assert result.xcoms["day"] == "2026-02-03"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("v.json", "[1]", "does not hold names with their values"),
        ("v.json", "{s3cret", "does not hold names with their values"),
        ("v.yaml", "a: [", "does not hold names with their values"),
        ("v.env", "s3cret", "does not hold names with their values"),
        ("v.ini", "a=b", "ends with .json, .yaml or .env"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_not_repeated(tmp_path, name, text, words):
    with pytest.raises(BadGivenFile, match=words) as raised:
        DAG("d").test(variable_file_path=written(tmp_path, name, text))
    assert "s3cret" not in str(raised.value)


def test_what_is_not_there_or_not_known_is_refused():
    with pytest.raises(BadGivenFile, match=r"nowhere\.json cannot be read: No such file"):
        DAG("d").test(conn_file_path="nowhere.json")
    with pytest.raises(BadDag, match="takes no argument 'session'"):
        DAG("d").test(session=None)  # type: ignore[call-arg]  # the point
