"""The program that a provider hands to an interpreter elsewhere does what the function does."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from scheduler.compat.airflow.python_scripts import write_python_script


@pytest.mark.parametrize(
    ("source", "arguments", "result"),
    [
        ("def work(a, b=1):\n    return a + b\n", {"args": [2], "kwargs": {"b": 3}}, 5),
        ("def work():\n    return virtualenv_string_args\n", {}, []),
        ("async def work():\n    return 'waited for'\n", {}, "waited for"),
    ],
)
def test_it_reads_its_arguments_and_writes_the_result(tmp_path, source, arguments, result):
    script, given, made = (tmp_path / name for name in ("script.py", "in", "out"))
    given.write_bytes(pickle.dumps(arguments) if arguments else b"")
    context = {
        "op_args": arguments.get("args"),
        "op_kwargs": arguments.get("kwargs"),
        "pickling_library": "pickle",
    }
    write_python_script(
        {**context, "python_callable": "work", "python_callable_source": source}, filename=str(script)
    )
    subprocess.run([sys.executable, "-I", str(script), str(given), str(made), "none"], check=True)
    assert pickle.loads(made.read_bytes()) == result
