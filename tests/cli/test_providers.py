"""`dirigent providers`: a provider without Airflow, with what it needs."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.integration.processes import DIRIGENT
from tests.wheels import make_wheel

BROUGHT = (
    "attrs",
    "deprecated",
    "dill",
    "lazy_object_proxy",
    "packaging",
    "pendulum",
    "tabulate",
    "tenacity",
)


@pytest.fixture
def index(tmp_path):
    """A folder of packages: two providers that need each other's names, Airflow, and a library."""
    folder = tmp_path / "index"
    needs = [
        "apache-airflow>=2.11.0",
        "apache-airflow-providers-common-acme>=1",
        "acmelib>=1",
        "no-such-lib; extra == 'x'",
    ]
    make_wheel(folder, "apache_airflow_providers_acme", "", "4.2", needs, "airflow/providers/acme.py")
    make_wheel(
        folder,
        "apache_airflow_providers_common_acme",
        "",
        "1.5",
        ["apache-airflow-providers-acme", "apache-airflow"],
        "airflow/providers/common.py",
    )
    make_wheel(folder, "acmelib", "")
    for name in BROUGHT:
        make_wheel(folder, name, "", "9.0")
    return folder


def dirigent(index, *words):
    environ = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "UV_NO_INDEX": "1",
        "UV_FIND_LINKS": str(index),
    }
    return subprocess.run(
        [*DIRIGENT, "providers", *words], env=os.environ | environ, capture_output=True, text=True
    )


def test_a_provider_comes_with_all_it_needs_but_airflow(index, tmp_path):
    target = tmp_path / "there"
    ended = dirigent(index, "install", "acme==4.2", "--target", str(target))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "apache-airflow-providers-acme 4.2\napache-airflow-providers-common-acme 1.5\n"
    names = {str(path.relative_to(target)) for path in target.rglob("*.py")}
    ours = {"airflow/providers/acme.py", "airflow/providers/common.py", "acmelib.py"}
    assert names == ours | {f"{name}.py" for name in BROUGHT}


@pytest.mark.parametrize("name", ["acme @ http://elsewhere/x.whl", "--index-url=x", "../acme", "acme[x]", ""])
def test_what_is_no_name_of_a_provider_is_refused(index, name):
    ended = dirigent(index, "install", "--", name)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr == f"dirigent: {name!r} is no name of a provider, such as postgres or postgres==6.2.1.\n"
    )


def test_one_that_there_is_none_of_is_named(index, tmp_path):
    ended = dirigent(index, "install", "nothing", "--target", str(tmp_path / "there"))
    assert ended.returncode == 1
    said, _, summary = ended.stderr.rpartition("dirigent: ")
    assert summary.startswith("apache-airflow-providers-nothing could not be installed")
    assert "apache-airflow-providers-nothing" in said
