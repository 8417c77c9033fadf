"""What a branch skips in a test run: what has not begun, as on a server."""

from __future__ import annotations

from scheduler import DAG, task


def test_what_may_run_before_a_branch_has_chosen_runs_though_it_is_not_chosen():
    @task.branch
    def choose():
        return []

    @task
    def way():
        return 1

    with DAG("d") as dag:
        chosen = choose()
        chosen >> [way.override(task_id="waits")(), way.override(task_id="always", trigger_rule="always")()]
    assert dag.test().task_states == {"choose": "success", "waits": "skipped", "always": "success"}
