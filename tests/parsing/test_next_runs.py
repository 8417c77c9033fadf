"""What a parse makes of pausing and of the next run of a DAG."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler.store.dags import set_next_dues

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("setting", "arguments", "paused"),
    [
        (False, {}, False),
        (True, {}, True),
        (True, {"is_paused_upon_creation": "False"}, False),
        (False, {"is_paused_upon_creation": "True"}, True),
    ],
)
def test_a_new_dag_arrives_as_its_author_says_or_else_the_setting(lite_yard, setting, arguments, paused):
    lite_yard.folder = lite_yard.new_folder(is_paused=setting)
    lite_yard.write_dag("orders.py", "orders", **arguments)
    lite_yard.sweep()
    assert lite_yard.dag("orders").is_paused is paused


def test_a_run_that_is_due_is_not_passed_over_by_a_parse_of_new_code(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", schedule="'*/2 * * * *'")
    yard.sweep()
    due = yard.dag("orders").next_run_at
    yard.sweep()
    yard.sweep()
    assert due < yard.now
    yard.write_dag("orders.py", "orders", schedule="'*/2 * * * *'", body="return 2")
    yard.sweep()
    assert yard.dag("orders").next_run_at == due


def test_another_schedule_is_counted_anew(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.write_dag("orders.py", "orders", schedule="'@hourly'")
    yard.sweep()
    assert yard.dag("orders").next_run_at == datetime(2026, 11, 21, 15, tzinfo=UTC)
    yard.write_dag("orders.py", "orders", schedule="None")
    yard.sweep()
    assert yard.dag("orders").next_run_at is None


def test_a_continuous_dag_has_one_active_run_whatever_its_author_says(lite_yard):
    lite_yard.write_dag("orders.py", "orders", schedule="'@continuous'", max_active_runs="8")
    lite_yard.sweep()
    assert lite_yard.dag("orders").max_active_runs == 1


def test_a_next_run_that_people_or_the_loop_set_stays_through_other_changes(lite_yard):
    yard = lite_yard
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.db.transact(lambda session: set_next_dues(session, {"orders": None}))
    yard.write_dag("orders.py", "orders", schedule="'@daily'", body="return 2")
    yard.sweep()
    assert yard.dag("orders").next_run_at is None
