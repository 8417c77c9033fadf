"""`@task`: functions as tasks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from scheduler import DAG, EmptyOperator, PythonOperator, TaskGroup, XComArg, task
from scheduler.errors import BadDag
from scheduler.sdk.serialize import to_spec
from tests.runtime.attempts import attempt


@task
def one() -> int:
    """Say one."""
    return 1


@task(retries=3, task_id="sum")
def add(x: int, y: int = 10) -> int:
    """Add up."""
    return x + y


def test_calls_make_tasks_and_arguments_make_arrows():
    with DAG("d") as dag:
        result = add(one(), y=2)
    spec = {each.task_id: each for each in to_spec(dag, "d.py").tasks}
    assert isinstance(result, XComArg)
    assert (spec["sum"].upstream, spec["sum"].retries, spec["one"].operator) == (("one",), 3, "@task")
    assert spec["one"].doc_md == "Say one."
    assert spec["sum"].source is not None
    assert spec["sum"].source.startswith("@task(retries=3")
    assert dag.test().xcoms == {"one": 1, "sum": 3}


def test_a_function_called_again_gets_a_number():
    with DAG("d") as dag:
        one(), one()
        with TaskGroup("g"):
            one()
    assert dag.task_ids == ["one", "one__1", "g.one"]


def test_override_changes_one_use_only():
    with DAG("d") as dag:
        one.override(task_id="uno", retries=5)()
        one()
    assert (dag.get_task("uno").retries, dag.get_task("one").retries) == (5, 0)


def test_a_coroutine_runs_beside_a_loop_that_runs_already_as_in_a_notebook():
    @task
    async def measure() -> int:
        await asyncio.sleep(0)
        return 7

    with DAG("d") as dag:
        measure()

    async def cell() -> dict[str, object]:
        return dag.test().xcoms

    # In a thread of its own: a browser's loop may be running in the one of the tests.
    with ThreadPoolExecutor(1) as notebook:
        assert notebook.submit(lambda: asyncio.run(cell())).result() == {"measure": 7}


def test_the_function_itself_stays_callable():
    assert add.function(1, 2) == 3
    assert add.__doc__ == "Add up."


def test_inside_a_running_task_a_call_is_the_plain_function():
    @task
    def outer():
        return add(1, 1)

    with DAG("d") as dag:
        outer()
    assert dag.test().xcoms["outer"] == 2


def test_wrong_arguments_are_refused_where_they_are_written():
    with DAG("d"):
        with pytest.raises(BadDag, match=r"test_taskflow\.py:\d+: add\(\) needs the argument 'x'"):
            add()  # type: ignore[call-arg]  # the point
        with pytest.raises(
            BadDag, match=r"test_taskflow\.py:\d+: add\(\) got an unexpected keyword argument 'z'"
        ):
            add(1, z=2)  # type: ignore[call-arg]  # the point


def test_arguments_are_shown_by_name_where_that_is_possible():
    @task
    def spread(first, *rest, last=None):
        return [first, *rest, last]

    with DAG("d") as dag:
        add(1, 2)
        spread(1, 2, 3, last=4)
    assert dag.get_task("sum").op_kwargs == {"x": 1, "y": 2}  # type: ignore[attr-defined]  # of PythonOperator
    assert dag.test().xcoms["spread"] == [1, 2, 3, 4]


def test_a_result_cannot_be_used_while_the_graph_is_built():
    with DAG("d"):
        result = one()
        with pytest.raises(TypeError, match="cannot be looped over"):
            list(result)
        with pytest.raises(TypeError, match="`if` cannot ask"):
            bool(result)


def test_a_result_in_text_becomes_a_template():
    with DAG("d") as dag:
        text = f"got {one()}"
        EmptyOperator(task_id="x")
    assert text == "got {{ task_instance.xcom_pull(task_ids='one', key='return_value') }}"
    assert dag.task_ids == ["one", "x"]


def test_a_function_that_returns_a_dict_has_multiple_outputs():
    @task
    def both() -> dict[str, int]:
        return {"a": 1, "b": 2}

    with DAG("d") as dag:
        add(both()["a"], both()["b"])
    result = dag.test()
    assert result.xcoms["sum"] == 3
    assert result.xcom("both", "b") == 2


def test_branch_short_circuit_and_bash_have_decorators_of_their_own():
    @task.branch
    def choose():
        return "left"

    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def go_on():
        return False

    @task.bash(env={"NAME": "Ada"})
    def greet(word):
        return f"echo {word} $NAME"

    with DAG("d") as dag:
        choose() >> [EmptyOperator(task_id="left"), EmptyOperator(task_id="right")]
        go_on() >> greet("hello")
        greet("hi")
    result = dag.test()
    assert (result.task_states["left"], result.task_states["right"]) == ("success", "skipped")
    assert (result.task_states["greet"], result.xcoms["greet__1"]) == ("skipped", "hi Ada")
    assert [each.operator for each in to_spec(dag, "d.py").tasks if each.task_id in ("choose", "greet")] == [
        "@task.branch",
        "@task.bash",
    ]


def test_a_method_of_an_object_may_be_a_task():
    class Service:
        def fetch(self):
            return 7

    with DAG("d") as dag:
        task(Service().fetch)()
    assert attempt(dag, task_id="fetch").xcoms["return_value"] == 7


@pytest.mark.slow
def test_an_editor_knows_what_a_task_takes_and_returns(tmp_path):
    source = """
        from scheduler import DAG, XComArg, task

        @task
        def rows(day: str) -> list[int]:
            return [1]

        @task(retries=2)
        def total(rows: list[int]) -> float:
            return 1.0

        with DAG("d"):
            reveal_type(rows("monday"))
            reveal_type(total(rows("monday")))
            rows(3)
            total.override(retries=1)(rows("x")) >> rows("y")
            total.override(retrys=1)
    """
    (tmp_path / "typed.py").write_text(textwrap.dedent(source))
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        str(tmp_path),
        str(tmp_path / "typed.py"),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert 'Revealed type is "scheduler.sdk.results.XComArg[list[int]]"' in said.replace("builtins.", "")
    assert 'Revealed type is "scheduler.sdk.results.XComArg[float]"' in said.replace("builtins.", "")
    assert 'Argument 1 to "__call__" of "TaskFunction" has incompatible type "int"; expected "str"' in said
    assert 'Unexpected keyword argument "retrys"' in said
    assert "Found 2 errors" in said


def test_a_value_with_a_named_ending_is_a_template_file(tmp_path):
    (tmp_path / "query.sql").write_text("SELECT '{{ ds }}'")
    with DAG("d", template_searchpath=str(tmp_path)) as dag:

        @task(templates_exts=[".sql"])
        def read(sql, other):
            return [sql, other]

        read("query.sql", "query.txt")
        PythonOperator("plain", python_callable=lambda sql: sql, op_args=["query.sql"])
    result = dag.test()
    assert result.xcom("read")[0].startswith("SELECT '20")
    assert (result.xcom("read")[1], result.xcom("plain")) == ("query.txt", "query.sql")
