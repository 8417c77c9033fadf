"""`pytest -p scheduler.testing.airflow_names`: tests that import airflow."""

from __future__ import annotations

import subprocess
import sys

TEST = """
from airflow.models import DagBag


def test_all_dags_load(tmp_path):
    (tmp_path / "good.py").write_text("from airflow import DAG; DAG('good')")
    (tmp_path / "bad.py").write_text("from airflow import DAG; DAG(1 / 0)")
    bag = DagBag(dag_folder=str(tmp_path), include_examples=False)
    assert bag.dag_ids == ["good"]
    assert bag.get_dag("good").dag_id == "good"
    assert bag.import_errors == {str(tmp_path / "bad.py"): "ZeroDivisionError: division by zero"}
"""


def test_a_test_may_look_at_all_dags_as_it_does_with_airflow(tmp_path):
    (tmp_path / "test_dags.py").write_text(TEST)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "scheduler.testing.airflow_names",
        "-p",
        "no:randomly",
    ]
    run = subprocess.run([*command, "test_dags.py"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
