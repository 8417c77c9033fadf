"""DAGs whose files go, move and come back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler.operations.delete import delete_dag

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_deleted_file_retires_its_dags_and_keeps_their_history(yard):
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.remove("orders.py")
    yard.sweep()
    row = yard.dag("orders")
    assert row.retired_at == yard.now
    assert row.next_run_at is None
    assert len(yard.versions("orders")) == 1
    assert yard.records() == {}


def test_a_file_that_comes_back_brings_its_dags_back(yard):
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    yard.remove("orders.py")
    yard.sweep()
    yard.write_dag("orders.py", "orders", schedule="'@daily'")
    yard.sweep()
    assert yard.dag("orders").retired_at is None
    assert yard.dag("orders").next_run_at is not None
    assert len(yard.versions("orders")) == 1


def test_a_renamed_file_keeps_its_dags(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    (yard.root / "orders.py").rename(yard.root / "moved.py")
    yard.sweep()
    assert (yard.dag("orders").file, yard.dag("orders").retired_at) == ("moved.py", None)
    assert set(yard.records()) == {"moved.py"}


def test_a_dag_that_its_file_no_longer_declares_is_retired(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    yard.write_dag("orders.py", "payments")
    yard.sweep()
    assert yard.dag_ids() == ["payments"]


def test_a_file_that_turns_into_something_else_is_gone(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    yard.write("orders.py", "print('nothing to see')\n")
    yard.sweep()
    assert yard.dag_ids() == []


def test_a_deleted_dag_comes_back_while_its_file_stands(yard):
    yard.write_dag("orders.py", "orders")
    yard.sweep()
    delete_dag(yard.db, yard.now, "orders", actor="user:ada")
    assert yard.sweep() == 1
    assert yard.dag_ids() == ["orders"]


def declare(*dag_ids):
    return "from scheduler import DAG, EmptyOperator\n" + "".join(
        f'with DAG("{dag_id}"):\n    EmptyOperator(task_id="a")\n' for dag_id in dag_ids
    )


@pytest.mark.parametrize("new_file", ["alpha.py", "zulu.py"])
def test_a_dag_that_moves_to_another_file_is_not_retired(yard, new_file):
    yard.write("etl.py", declare("orders", "prices"))
    yard.sweep()
    yard.write("etl.py", declare("orders"))
    yard.write(new_file, declare("prices"))
    yard.sweep()
    assert yard.error(new_file) == ""
    assert (yard.dag("prices").file, yard.dag("prices").retired_at) == (new_file, None)


def test_files_that_swap_their_dags_are_both_taken(yard):
    yard.write_dag("one.py", "orders")
    yard.write_dag("two.py", "prices")
    yard.sweep()
    yard.write_dag("one.py", "prices")
    yard.write_dag("two.py", "orders")
    yard.sweep()
    assert (yard.error("one.py"), yard.error("two.py")) == ("", "")
    assert (yard.dag("orders").file, yard.dag("prices").file) == ("two.py", "one.py")
    assert yard.dag_ids() == ["orders", "prices"]
