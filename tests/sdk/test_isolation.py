"""What a task asks for: isolation, interpreter, user, memory, CPU."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import DAG, BashOperator, EmptyOperator, task
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from scheduler.wire import Isolation, TaskSpec, dag_from_json, dag_to_json


def asked_by(**arguments) -> Isolation | None:
    with DAG("d") as dag:
        EmptyOperator(task_id="a", **arguments)
    (spec,) = to_spec(dag, "d.py").tasks
    return spec.isolation


def test_a_task_that_asks_for_nothing_leaves_no_trace_in_the_stored_graph():
    with DAG("d") as dag:
        EmptyOperator(task_id="a")
    spec = to_spec(dag, "d.py")
    assert spec.tasks[0].isolation is None
    assert "isolation" not in dag_to_json(spec)


def test_all_of_it_is_kept_in_the_stored_graph():
    with DAG("d", default_args={"isolation": "fresh", "memory_limit": "1GB"}) as dag:

        @task(python=Path("/opt/venv/bin/python"), cpu_limit=0.5, cpu_time_limit=timedelta(minutes=1))
        def a():
            pass

        a()
        BashOperator(task_id="b", bash_command="ls", run_as_user="alice", memory_limit=70_000_000)
    spec = to_spec(dag, "d.py")
    first, second = (each.isolation for each in spec.tasks)
    assert first == Isolation(
        mode="fresh", python="/opt/venv/bin/python", memory_bytes=2**30, cpus=0.5, cpu_s=60.0
    )
    assert second == Isolation(mode="fresh", run_as_user="alice", memory_bytes=70_000_000)
    assert dag_from_json(dag_to_json(spec)) == spec


def test_a_graph_that_an_older_release_stored_can_be_read():
    with DAG("d") as dag:
        EmptyOperator(task_id="a")
    assert isinstance(dag_from_json(dag_to_json(to_spec(dag, "d.py"))).tasks[0], TaskSpec)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("64MB", 64 * 2**20),
        ("512mb", 512 * 2**20),
        ("512 MiB", 512 * 2**20),
        ("1.5G", 3 * 2**29),
        ("2TB", 2**41),
        ("100000000", 100_000_000),
        ("70000 KB", 70_000 * 1024),
        (100_000_000, 100_000_000),
    ],
)
def test_sizes_are_read(given, size):
    assert asked_by(memory_limit=given) == Isolation(memory_bytes=size)


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"isolation": "frehs"}, "did you mean 'fresh'"),
        ({"isolation": True}, "give one of fork, fresh"),
        ({"python": "venv/bin/python"}, "give the full path of an interpreter"),
        ({"python": "/opt/venv/"}, "give the full path of an interpreter"),
        ({"python": 3.12}, "give the full path of an interpreter"),
        ({"python": "/usr/bin/python3", "isolation": "fork"}, 'leave out isolation="fork"'),
        ({"run_as_user": "root"}, "no task runs as root"),
        ({"run_as_user": ""}, "give the name of a user"),
        ({"run_as_user": "a b"}, "give the name of a user"),
        ({"run_as_user": 1000}, "give the name of a user"),
        ({"memory_limit": "lots"}, 'give a size such as "512MB"'),
        ({"memory_limit": "-5MB"}, 'give a size such as "512MB"'),
        ({"memory_limit": 512}, "that is 512 bytes, too little for Python"),
        ({"memory_limit": True}, 'give a size such as "512MB"'),
        ({"memory_limit": 1e9}, 'give a size such as "512MB"'),
        ({"cpu_limit": 0}, "give a number of cores"),
        ({"cpu_limit": "2"}, "give a number of cores"),
        ({"cpu_limit": float("nan")}, "give a number of cores"),
        ({"cpu_time_limit": 0.5}, "give at least a second of CPU time"),
        ({"cpu_time_limit": "1 min"}, "give a timedelta, or a number of seconds"),
    ],
)
def test_what_cannot_be_names_its_line_and_the_remedy(wrong, remedy):
    (name, *_) = wrong
    with pytest.raises(BadDag, match=rf"test_isolation\.py:\d+: {name}=") as raised:
        asked_by(**wrong)
    assert remedy in str(raised.value)
