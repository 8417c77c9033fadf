"""The fixtures of `scheduler.testing.pytest`, tried by pytest on a project."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

DAGS = """
    from datetime import timedelta
    from scheduler import DAG, Connection, Variable, task

    with DAG("shop", tags=["x"]) as shop:

        @task(retries=1, retry_delay=timedelta(hours=1))
        def load():
            return [Variable.get("region"), Connection.get("db").host]

        load()

    DAG("empty")
"""
TESTS = """
    from datetime import UTC, datetime, timedelta
    import pytest
    from shop_dags import load
    from scheduler.errors import NotFound

    def test_the_folder_is_known(dag_folder, dags):
        assert dag_folder.name == "pipelines"
        assert sorted(dags) == ["empty", "shop"]

    def test_each_has_tags(each_dag):
        assert each_dag.tags, each_dag.dag_id

    def test_a_run_takes_what_fixtures_and_arguments_give(run_dag, dag_variables, dag_connections):
        dag_variables["region"] = "north"
        dag_connections["db"] = "postgres://here:5432/shop"
        assert run_dag("shop").xcoms["load"] == ["north", "here"]
        assert run_dag("shop", variables={"region": "south"}).xcoms["load"] == ["south", "here"]
        assert run_dag("shop", mocks={"load": 1}).xcoms["load"] == 1

    def test_time_goes_on_from_run_to_run(run_dag, dags, virtual_time):
        virtual_time.set(datetime(2026, 3, 1, tzinfo=UTC))
        run_dag(dags["shop"], fail={"load": 1}, mocks={"load": 1})
        assert virtual_time.now == datetime(2026, 3, 1, 1, tzinfo=UTC)
        virtual_time.advance(timedelta(hours=1))
        (tried,) = run_dag("shop", mocks={"load": 1}).attempts
        assert tried.started_at == datetime(2026, 3, 1, 2, tzinfo=UTC)

    def test_code_that_is_called_reads_what_fixtures_give(dag_secrets, dag_variables, dag_connections):
        dag_variables["region"] = "north"
        dag_connections["db"] = {"host": "here"}
        assert load.function() == ["north", "here"]

    def test_a_dag_that_is_not_there_is_named_with_those_that_are(run_dag):
        with pytest.raises(NotFound, match="no DAG 'shopp'. The folder has empty, shop"):
            run_dag("shopp")
"""


def run_pytest(folder, dags, tests):
    """Run the tests of a project; return how many ended in which way, and what was said."""
    (folder / "pipelines").mkdir()
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = ["-p", "scheduler.testing.pytest"]\ndag_folder = "pipelines"\n'
        'pythonpath = ["pipelines"]\n'
    )
    (folder / "pipelines" / "shop_dags.py").write_text(textwrap.dedent(dags))
    (folder / "test_shop.py").write_text(textwrap.dedent(tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", ran.stdout)}
    return counts, ran.stdout


def test_tests_of_a_project_are_given_its_dags_and_runs(tmp_path):
    counts, said = run_pytest(tmp_path, DAGS, TESTS)
    assert counts == {"passed": 6, "failed": 1}, said
    assert "FAILED test_shop.py::test_each_has_tags[empty] - AssertionError: empty" in said


def test_a_file_that_does_not_load_fails_the_tests_of_each_dag_by_its_name(tmp_path):
    counts, said = run_pytest(
        tmp_path,
        "from scheduler import DAG\n1 / 0",
        "def test_each(each_dag): pass\ndef test_all(dags): pass",
    )
    assert "passed" not in counts
    assert "shop_dags.py does not load: ZeroDivisionError: division by zero" in said
    assert "test_each[shop_dags.py]" in said
