"""1.10: commands and queries in files beside the DAG, and below template_searchpath."""

import tempfile
from datetime import datetime
from pathlib import Path

from airflow import DAG
from airflow.models import BaseOperator
from airflow.operators.bash_operator import BashOperator

FOLDER = Path(tempfile.mkdtemp())
(FOLDER / "say.sh").write_text("echo {{ params.word }} {{ ds_nodash }}\n")
(FOLDER / "query.sql").write_text("select '{{ macros.ds_add(ds, -1) }}'")


class QueryOperator(BaseOperator):
    template_fields = ["sql"]
    template_ext = [".sql"]

    def __init__(self, sql, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sql = sql

    def execute(self, context):
        assert self.sql == "select '{}'".format(context["yesterday_ds"])


with DAG(
    "v1_template_files",
    start_date=datetime(2020, 1, 1),
    schedule_interval=None,
    template_searchpath=str(FOLDER),
    params={"word": "hello"},
    jinja_environment_kwargs={"trim_blocks": True},
) as dag:
    BashOperator(task_id="say", bash_command="say.sh") >> QueryOperator(task_id="query", sql="query.sql")
