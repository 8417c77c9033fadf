"""Makes `import airflow…` give Dirigent's objects in tests: `pytest -p scheduler.testing.airflow_names`."""

from scheduler.compat.airflow.finder import install

install()
