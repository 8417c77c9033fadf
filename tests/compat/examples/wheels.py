"""The example DAGs of Airflow's published wheels: fetched when they are asked for, and never kept in this project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CORE = "apache-airflow-core==3.3.2"
STANDARD = "apache-airflow-providers-standard==1.21.0"
#: What the examples need, Airflow brings, and neither Dirigent nor pendulum does.
THEIR_NEEDS = ("httpx", "dill")
PLACES = ("airflow/example_dags", "airflow/providers/standard/example_dags")


def fetch(folder: Path) -> None:
    """Install the wheels into `folder`/wheels, without what they need, and their examples' needs into `folder`/libs."""
    if not (folder / "wheels").exists():
        _install(folder / "wheels", "--no-deps", CORE, STANDARD)
    if missing := [each for each in THEIR_NEEDS if not (folder / "libs" / each).exists()]:
        _install(folder / "libs", *missing)


def lay_out(folder: Path, dags: Path) -> list[str]:
    """Copy the examples into a DAG folder and return the files that declare DAGs."""
    for place in PLACES:
        shutil.copytree(folder / "wheels" / place, dags / place, ignore=shutil.ignore_patterns("__pycache__"))
    files = [file for place in PLACES for file in (dags / place).glob("*.py") if file.name != "__init__.py"]
    return sorted(str(file.relative_to(dags)) for file in files)


def _install(target: Path, *words: str) -> None:
    uv = shutil.which("uv")
    program = (
        [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    )
    subprocess.run([*program, "--quiet", "--target", str(target), *words], check=True)
