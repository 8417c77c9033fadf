import pytest

from scheduler.parsing.faults import sentence


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("dags/etl/a.py:3: no such argument", "no such argument"),
        ("/tmp/dags/etl/a.py:3: no such argument", "no such argument"),
        ("etl/a.py:3: no such argument", "no such argument"),
        ("dags/etl/b.py:3: no such argument", "dags/etl/b.py:3: no such argument"),
        ("'(' was never closed (a.py, line 16)", "'(' was never closed"),
        ("division by zero", "division by zero"),
    ],
)
def test_the_place_in_the_file_is_left_to_who_tells_it_beside_the_message(message, said):
    assert sentence("etl/a.py", message) == said


def test_a_missing_module_comes_with_the_remedy():
    assert sentence("a.py", "No module named 'pandas.io'") == (
        "No module named 'pandas.io'. Install it where Dirigent runs, or put pandas.py into the DAG folder."
    )
    assert "from scheduler import DAG, task" in sentence("a.py", "No module named 'airflow.operators'")
