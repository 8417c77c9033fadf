"""FSHook: where a path leads, and what looking for a file costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scheduler import Connection, FSHook, task
from scheduler.testing.local_channel import LocalChannel
from tests.runtime.attempts import attempt


@pytest.mark.parametrize(
    ("root", "path", "place"),
    [
        ("/data", "in/a.csv", "/data/in/a.csv"),
        ("/data", "/other/a.csv", "/other/a.csv"),
        ("/data", "s3://shop/a.csv", "s3://shop/a.csv"),
        ("s3://shop", "in/a.csv", "s3://shop/in/a.csv"),
        ("", "/a.csv", "/a.csv"),
    ],
)
def test_a_relative_path_lies_below_that_of_the_connection(dag, root, path, place):
    @task
    def a():
        return FSHook("disk").place(path)

    a()
    channel = LocalChannel("d", {}, {"disk": Connection("disk", extra=f'{{"path": "{root}"}}')})
    assert attempt(dag, channel).xcoms["return_value"] == place


def test_to_look_at_the_own_disk_does_not_load_fsspec(tmp_path):
    program = f"""
import sys
from scheduler import FSHook
assert not FSHook(None).has_file({str(tmp_path)!r} + "/*.csv")
sys.exit("fsspec" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
