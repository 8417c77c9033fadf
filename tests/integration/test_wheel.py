"""What people install is what is tested here: the wheel, away from the clone."""

from __future__ import annotations

import subprocess
import urllib.request
import zipfile

import pytest

from tests.integration.processes import Process, clean_environment, marked
from tests.integration.waiting import eventually
from tests.integration.wheel import built_wheel, installed


@pytest.mark.slow
def test_the_installed_wheel_makes_a_project_runs_it_and_tests_its_dag(tmp_path):
    wheel = built_wheel(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("webui/static/dist/") and name.endswith(".css") for name in names)
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)

    program = installed(wheel, tmp_path / "env") / "dirigent"
    environ = clean_environment() | {"HOME": str(tmp_path), "DIRIGENT_PORT": "0"}
    del environ["PYTHONPATH"]

    def dirigent(*words, folder=tmp_path / "shop"):
        said = subprocess.run(
            [str(program), *words], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    dirigent("init", "shop", folder=tmp_path)
    assert "orders are good" in dirigent("dags", "test", "orders")
    server = Process([program, "up"], tmp_path / "shop", environ, tmp_path / "up.log").wait_for(" is up")
    try:
        with urllib.request.urlopen(f"{server.address}/sign-in", timeout=30) as page:
            assert page.status == 200
        eventually(lambda: "orders" in dirigent("dags", "list"), told=lambda: server.output)
        run_id = dirigent("dags", "trigger", "orders").strip()
        dirigent("runs", "wait", "orders", run_id)
        assert "orders are good" in dirigent("tasks", "logs", "orders", run_id, "check")
    finally:
        assert server.stop() == 0
    eventually(lambda: not marked(f"HOME={tmp_path}"))
