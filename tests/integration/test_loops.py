"""Loops on a server: iteration after iteration, though the server is killed in the middle of one."""

from __future__ import annotations

import json

import sqlalchemy as sa

from scheduler.store.tables import task_instance
from tests.integration.waiting import eventually

DAG = """
    import pathlib, time
    from scheduler import DAG, result, task

    here = pathlib.Path({folder!r})

    with DAG("looped", schedule=None):
        @result
        @task.loop(until=lambda value: len(value) == 4, max_iterations=9)
        def grow(last_value, iteration):
            print("iteration", iteration, "after", last_value)
            (here / f"began{{iteration}}").touch()
            while iteration == 2 and not (here / "gate").exists():
                time.sleep(0.01)
            return [*(last_value or []), iteration]

        @task
        def after(value):
            print("in the end", value)

        after(grow())
"""


def paths(run):
    query = sa.select(task_instance.c.path, task_instance.c.state, task_instance.c.try_number)
    rows = run.record.rows(query.where(task_instance.c.task_id == "grow").order_by(task_instance.c.path))
    return [tuple(row) for row in rows]


def test_a_loop_goes_on_where_its_server_was_killed_and_where_it_is_cleared(new_project, tmp_path):
    project = new_project()
    project.write("looped.py", DAG.format(folder=str(tmp_path)))
    server = project.start()
    run = project.trigger("looped")
    eventually((tmp_path / "began2").exists, told=project.told)
    server.kill()
    (tmp_path / "gate").touch()
    project.start()
    run.until("success")
    assert paths(run) == [("0", "success", 1), ("1", "success", 1), ("2", "success", 2), ("3", "success", 1)]
    assert "in the end [0, 1, 2, 3]" in run.log("after")
    said = project.dirigent("runs", "result", "looped", run.run_id)
    assert json.loads(said.stdout) == [0, 1, 2, 3]

    project.dirigent("tasks", "clear", "looped", run.run_id, "grow", "--map-index", "1", "--downstream")
    run.until("success")
    assert [row[2] for row in paths(run)] == [1, 2, 3, 2]
