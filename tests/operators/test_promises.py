"""Operators take the results of other tasks wherever they take a template."""

from __future__ import annotations

import pytest

from scheduler import (
    DAG,
    BashOperator,
    BashSensor,
    DateTimeSensor,
    EmailOperator,
    ExternalTaskSensor,
    FileDeleteOperator,
    FileSensor,
    FileTransferOperator,
    HttpOperator,
    HttpSensor,
    SQLExecuteQueryOperator,
    SqlSensor,
    TriggerDagRunOperator,
    task,
)
from scheduler.sdk.serialize import to_spec


@pytest.mark.parametrize(
    ("operator", "fields"),
    [
        (BashOperator, ["bash_command"]),
        (BashSensor, ["bash_command"]),
        (DateTimeSensor, ["target_time"]),
        (EmailOperator, ["to", "subject", "html_content", "cc"]),
        (ExternalTaskSensor, ["external_dag_id", "external_task_id"]),
        (ExternalTaskSensor, ["external_dag_id", "external_task_ids"]),
        (FileDeleteOperator, ["path"]),
        (FileSensor, ["filepath"]),
        (FileTransferOperator, ["src", "dst"]),
        (HttpOperator, ["endpoint", "data", "headers"]),
        (HttpSensor, ["endpoint", "request_params"]),
        (SQLExecuteQueryOperator, ["sql", "parameters", "conn_id"]),
        (SqlSensor, ["sql", "conn_id"]),
        (TriggerDagRunOperator, ["trigger_dag_id", "conf", "logical_date", "trigger_run_id"]),
    ],
)
def test_a_result_is_taken_and_waited_for(operator, fields):
    @task
    def gives():
        return "x"

    with DAG("d") as dag:
        given = gives()
        made = operator("a", **dict.fromkeys(fields, given))
    assert made.upstream_task_ids == {"gives"}
    assert to_spec(dag, "d.py").tasks[1].upstream == ("gives",)
