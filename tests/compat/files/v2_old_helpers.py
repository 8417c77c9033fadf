"""2.x: helpers that moved or went: chain of utils, send_email, files, LoggingMixin, import_string."""

import logging
from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.utils.dates import cron_presets, parse_execution_date, round_time
from airflow.utils.db import provide_session
from airflow.utils.email import get_email_address_list, send_email
from airflow.utils.file import list_py_file_paths
from airflow.utils.helpers import chain, exactly_one, prune_dict
from airflow.utils.log.logging_mixin import LoggingMixin
from airflow.utils.module_loading import import_string
from airflow.utils.timeout import timeout

assert parse_execution_date("2021-01-01").tzinfo
assert cron_presets["@daily"] == "0 0 * * *"
assert round_time(datetime(2021, 1, 1, 13), delta=datetime(2021, 1, 2) - datetime(2021, 1, 1)).hour == 0
assert get_email_address_list("a@b.c; d@e.f") == ["a@b.c", "d@e.f"]
assert exactly_one(1, 0) and prune_dict({"a": None, "b": 1}) == {"b": 1}
assert import_string("airflow.operators.empty.EmptyOperator") is EmptyOperator
assert __file__ in list_py_file_paths(__file__.rpartition("/")[0])
assert isinstance(LoggingMixin().log, logging.Logger)
assert send_email and provide_session


def slow():
    with timeout(seconds=5):
        return "quick"


with DAG("v2_old_helpers", start_date=datetime(2021, 1, 1), schedule=None) as dag:
    chain(EmptyOperator(task_id="a"), PythonOperator(task_id="b", python_callable=slow))
