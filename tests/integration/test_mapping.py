"""Mapped tasks on a server: instances run, hand on in their order, and run again."""

from __future__ import annotations

import sqlalchemy as sa

from scheduler.clock import SystemClock
from scheduler.operations.rerun import RerunRequest, rerun
from scheduler.store.tables import task_instance
from scheduler.store.xcoms import get_xcom

DAG = """
    import pathlib
    from scheduler import DAG, task, task_group

    with DAG("mapped", schedule=None, max_active_tasks=8):
        @task
        def numbers():
            return list(range(int(pathlib.Path({count!r}).read_text())))

        @task
        def square(x, ti=None):
            print("square of", x, "at", ti.map_index)
            return x * x

        @task_group
        def each(y):
            @task
            def parts(y):
                return [y] * y

            @task
            def part(z):
                return z

            return part.expand(z=parts(y))

        @task(trigger_rule="none_failed")
        def total(squares, parts):
            return [list(squares), list(parts)]

        found = numbers()
        squares = square.expand(x=found.map(lambda x: x + 1))
        total(squares, each.expand(y=found))
"""


def states(run):
    query = sa.select(task_instance).where(task_instance.c.run_pk == run.run_pk)
    return {f"{row.task_id}[{row.path}]": row.state for row in run.record.rows(query)}


def value(run, task_id):
    with run.record.db.read() as session:
        return get_xcom(session, run.run_pk, task_id, "return_value")


def test_instances_come_to_be_as_what_they_are_mapped_over_says(embedded, tmp_path):
    count = tmp_path / "count"
    count.write_text("3")
    embedded.write("mapped.py", DAG.replace("{count!r}", repr(str(count))))
    run = embedded.trigger("mapped").until()
    assert value(run, "total") == [[1, 4, 9], [1, 2, 2]]
    assert "square of 2 at 1" in "".join(run.log("square", place) for place in range(3))
    found = states(run)
    assert (found["each.part[0]"], found["each.part[2.1]"]) == ("skipped", "success")

    count.write_text("2")
    request = RerunRequest(dag_id="mapped", run_id=run.run_id, tasks=("numbers",), downstream=True)
    run.record.db.transact(lambda session: rerun(session, SystemClock().now(), request, actor="test"))
    run.until()
    assert value(run, "total") == [[1, 4], [1]]
    assert states(run)["square[2]"] == "removed"
