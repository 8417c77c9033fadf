"""Functions in other interpreters: of environments built for them, and of some that are there."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest

from scheduler import (
    DAG,
    BranchExternalPythonOperator,
    EmptyOperator,
    ExternalPythonOperator,
    PythonVirtualenvOperator,
    task,
)
from scheduler.errors import BadDag
from scheduler.sdk.xcom import decode
from tests.interpreters import make_interpreter
from tests.runtime.attempts import attempt
from tests.runtime.processes import is_alive, wait_until
from tests.wheels import make_wheel


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return make_interpreter(tmp_path_factory.mktemp("other") / "venv")


def describe(number, ds, *, params=None, more=(1, 2)):
    import sys

    import rare  # type: ignore[import-not-found]  # it is there, and not here

    sys.stderr.write("hello from there\n")
    return {"word": rare.WORD, "given": [number, ds, params, list(more)], "prefix": sys.prefix}


def test_a_function_is_called_with_another_interpreter(dag, python, caplog):
    caplog.set_level("INFO")
    ExternalPythonOperator("a", python=python, python_callable=describe, op_args=[7], op_kwargs={"more": {3}})
    outcome = attempt(dag, params={"x": 1})
    assert outcome.reason == ""
    assert outcome.xcoms["return_value"] == {
        "word": "from afar",
        "given": [7, "2026-11-21", {"x": 1}, [3]],
        "prefix": str(Path(python).parents[1]),
    }
    assert "hello from there" in caplog.messages


def test_a_decorated_function_needs_nothing_of_its_file(dag, python):
    @task.external_python(python=python, multiple_outputs=False)
    def a(day: Any, tags: dict[str, Any]) -> dict[str, Any]:
        import rare

        return {"word": rare.WORD, "day": day, "tags": tags}

    a("{{ ds }}", {"k": "{{ run_id[:6] }}"})
    outcome = attempt(dag)
    assert decode(outcome.xcoms["return_value"]) == {
        "word": "from afar",
        "day": "2026-11-21",
        "tags": {"k": "manual"},
    }
    assert dag.get_task("a").operator_name == "@task.external_python"
    assert "import rare" in dag.get_task("a").shown_source()


def test_a_coroutine_and_string_args_work_there(dag, python):
    @task.external_python(python=python, string_args=["one"], env_vars={"X": "2"}, inherit_env=False)
    async def a():
        import os

        return [virtualenv_string_args, os.environ["X"], "HOME" in os.environ]  # type: ignore[name-defined] # noqa: F821

    a()
    assert attempt(dag).xcoms["return_value"] == [["one"], "2", False]


def test_an_error_there_is_the_reason_here(dag, python):
    @task.external_python(python=python)
    def a():
        raise ValueError("no rows")

    a()
    outcome = attempt(dag)
    assert (outcome.state, outcome.retryable) == ("failed", True)
    assert outcome.reason.startswith(f"TaskError: ValueError: no rows ({python} exited with 1)")


@pytest.mark.parametrize(
    ("codes", "state"), [(9, "skipped"), ([8, 9], "skipped"), (8, "failed"), (None, "failed")]
)
def test_an_exit_code_may_skip(dag, python, codes, state):
    @task.external_python(python=python, skip_on_exit_code=codes)
    def a():
        raise SystemExit(9)

    a()
    assert attempt(dag).state == state


def test_the_function_may_choose_what_follows(dag, python):
    @task.branch_external_python(python=python)
    def a():
        return "left"

    a() >> [EmptyOperator("left"), EmptyOperator("right")]
    assert attempt(dag).skip_tasks == ("right",)
    assert issubclass(type(dag.get_task("a")), BranchExternalPythonOperator)


def asks_for_ti(ti):
    return ti


def gives_a_module_of_its_own():
    import rare

    class Own:
        pass

    rare.Own = Own
    Own.__module__, Own.__qualname__ = "rare", "Own"
    return Own()


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (asks_for_ti, {}, "asks for 'ti', which another interpreter cannot be given"),
        (gives_a_module_of_its_own, {}, "The result cannot be read here: No module named 'rare'"),
        (describe, {"op_args": [lambda: 1]}, "An argument of describe() cannot be given"),
    ],
)
def test_what_cannot_be_carried_over_is_named(dag, python, function, arguments, words):
    ExternalPythonOperator("a", python=python, python_callable=function, **arguments)
    assert words in attempt(dag).reason


def test_an_interpreter_that_is_not_there_is_not_tried_again(dag):
    ExternalPythonOperator("a", python="/nowhere/bin/python", python_callable=describe)
    outcome = attempt(dag)
    assert "python='/nowhere/bin/python': this worker has no such interpreter" in outcome.reason
    assert not outcome.retryable


def test_a_time_limit_ends_it(dag, python, tmp_path):
    @task.external_python(python=python, execution_timeout=1.0)
    def a(path):
        import os
        import pathlib
        import time

        pathlib.Path(path).write_text(str(os.getpid()))
        time.sleep(300)

    a(str(tmp_path / "pid"))
    assert attempt(dag).reason == "ran longer than 1 s"
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_alive(pid), seconds=5)


def in_environment(tmp_path, wheel, **arguments):
    def say():
        import rare

        return rare.WORD

    with DAG("d") as dag:
        PythonVirtualenvOperator(
            "a",
            python_callable=say,
            requirements=[str(wheel)],
            system_site_packages=False,
            venv_cache_path=str(tmp_path / "cache"),
            **{"pip_install_options": ["--no-index"], **arguments},
        )
    return attempt(dag)


def test_an_environment_is_built_once_with_what_is_required(tmp_path):
    wheel = make_wheel(tmp_path / "wheels", "rare", "WORD = 'from afar'\n")
    own = {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}"}
    assert in_environment(tmp_path, wheel, **own).xcoms == {"return_value": "from afar"}
    (ready,) = (tmp_path / "cache").glob("*.ready")
    place = ready.with_suffix("")
    before = (place / "pyvenv.cfg").stat().st_mtime_ns
    long_ago = time.time() - 40 * 24 * 3600  # noqa: TID251 - the age of a file
    os.utime(ready, (long_ago, long_ago))
    assert in_environment(tmp_path, wheel, **own).state == "success"
    assert (place / "pyvenv.cfg").stat().st_mtime_ns == before
    assert ready.stat().st_mtime > long_ago


def test_an_environment_that_cannot_be_built_is_tried_anew_and_says_why(tmp_path):
    outcome = in_environment(tmp_path, "no-such-package-of-ours")
    assert "The environment could not be built" in outcome.reason
    assert "no-such-package-of-ours" in outcome.reason
    assert list((tmp_path / "cache").glob("*.ready")) == []


def test_requirements_may_stand_in_a_file(tmp_path):
    wheel = make_wheel(tmp_path / "wheels", "rare", "WORD = 'from {{ 1 }} file'\n")
    (tmp_path / "needs.txt").write_text(f"# what it needs\n{wheel}  # for {{{{ ds }}}}\n\n")

    @task.virtualenv(
        requirements="needs.txt",
        system_site_packages=False,
        venv_cache_path=str(tmp_path / "cache"),
        pip_install_options=["--no-index"],
    )
    def a():
        import rare

        return rare.WORD

    with DAG("d", template_searchpath=str(tmp_path)) as dag:
        a()
    assert attempt(dag).xcoms == {"return_value": "from {{ 1 }} file"}


def test_a_version_that_is_not_there_is_named(tmp_path):
    outcome = in_environment(tmp_path, "x", python_version="2.4")
    assert (
        "python_version='2.4': there is no python2.4 on the PATH" in outcome.reason or "2.4" in outcome.reason
    )


def test_a_serializer_that_is_not_installed_is_named_with_what_to_do(dag, python, monkeypatch):
    monkeypatch.setitem(sys.modules, "dill", None)
    ExternalPythonOperator("a", python=python, python_callable=describe, op_args=[7], serializer="dill")
    assert "serializer='dill' needs the package dill, which is not installed" in attempt(dag).reason


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"python_callable": lambda: 1}, "give a function made with def"),
        ({"python_callable": "describe"}, "give a function made with def"),
        ({"python_callable": describe, "serializer": "json"}, "use pickle, cloudpickle, dill"),
        ({"python_callable": describe, "system_site_packages": "no"}, "give True or False"),
    ],
)
def test_what_cannot_work_is_refused(dag, arguments, words):
    with pytest.raises(BadDag) as refused:
        PythonVirtualenvOperator("a", **cast(Any, arguments))
    assert words in str(refused.value)
