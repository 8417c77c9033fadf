"""Files written for Airflow, loaded in this process."""

from __future__ import annotations

import textwrap
import warnings
from dataclasses import dataclass
from typing import Any

import pytest

from scheduler.compat.airflow import finder
from scheduler.compat.airflow.old_forms import OldForm
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.serialize import to_spec
from scheduler.sdk.variables import EnvironmentReader


@dataclass
class Loaded:
    """What one file declares, and what was said of it."""

    dag: Any
    said: list[str]

    @property
    def spec(self):
        return to_spec(self.dag, "orders.py")


@pytest.fixture(autouse=True)
def airflow_as_it_was():
    yield
    finder.forget()


@pytest.fixture
def load(tmp_path):
    """Load the text of a file that declares one DAG."""

    def write_and_load(text, name="orders"):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dags = load_file(str(tmp_path), f"{name}.py", EnvironmentReader())
        said = [f"{each.lineno}: {each.message}" for each in caught if each.category is OldForm]
        return Loaded(next(iter(dags.values()), None), said)

    return write_and_load
