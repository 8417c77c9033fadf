"""`import airflow...` finds Dirigent's objects in processes that load DAG files, and costs others nothing."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import scheduler
from scheduler.compat.airflow import finder
from scheduler.compat.airflow.tables import MODULES
from scheduler.errors import NotInDirigent


@pytest.fixture(autouse=True)
def installed():
    finder.forget()
    finder.install()


def test_every_name_of_the_tables_leads_somewhere():
    for module, names in MODULES.items():
        for name in set(names) - {"*"}:
            assert hasattr(importlib.import_module(module), name), (module, name)


def test_names_are_dirigents_own_objects_in_whatever_spelling():
    for module in ("airflow", "airflow.models", "airflow.models.dag", "airflow.sdk"):
        assert importlib.import_module(module).DAG is scheduler.DAG
    for module in ("bash_operator", "bash"):
        assert importlib.import_module(f"airflow.operators.{module}").BashOperator is scheduler.BashOperator


def test_modules_are_attributes_of_the_packages_above_them():
    airflow = importlib.import_module("airflow")
    assert airflow.utils.dates.cron_presets["@daily"] == "0 0 * * *"
    assert airflow.macros.ds_add("2026-01-01", 1) == "2026-01-02"


def test_a_provider_that_is_not_installed_is_named_with_its_package():
    with pytest.raises(
        ModuleNotFoundError,
        match="apache-airflow-providers-postgres, which is not installed: dirigent providers install postgres",
    ):
        importlib.import_module("airflow.providers.postgres.hooks.postgres")
    with pytest.raises(ModuleNotFoundError, match="apache-airflow-providers-cncf-kubernetes, which"):
        importlib.import_module("airflow.providers.cncf.kubernetes.operators.pod")


def test_a_module_that_nobody_has_is_refused_by_name():
    with pytest.raises(ModuleNotFoundError, match=r"airflow\.jobs is no module"):
        importlib.import_module("airflow.jobs.backfill")
    with pytest.raises(ImportError, match="cannot import name 'Nothing'"):
        exec("from airflow.models import Nothing")


def test_a_provider_that_is_installed_without_airflow_is_loaded_from_where_it_is(tmp_path, monkeypatch):
    package = tmp_path / "airflow" / "providers" / "acme" / "hooks"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "acme.py").write_text(
        "from airflow.sdk import BaseHook\nclass AcmeHook(BaseHook):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    hook = importlib.import_module("airflow.providers.acme.hooks.acme").AcmeHook
    assert issubclass(hook, scheduler.BaseHook)
    with pytest.raises(ModuleNotFoundError, match="apache-airflow-providers-acme is installed and has no"):
        importlib.import_module("airflow.providers.acme.operators")


def test_what_is_missing_says_so_when_it_is_used_and_not_before():
    asset = importlib.import_module("airflow.models.asset").AssetModel
    assert not isinstance("x", asset)
    assert asset | None
    with pytest.raises(
        NotInDirigent, match=r"test_finder.py:\d+: airflow.models.asset.AssetModel cannot be used"
    ):
        asset("s3://x")
    with pytest.raises(NotInDirigent, match=r"airflow.models.asset.AssetModel.ref cannot be used"):
        asset.ref("x")


def test_an_installed_airflow_wins_where_the_setting_says_so(tmp_path, monkeypatch):
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").write_text("real = True")
    (tmp_path / "apache_airflow-2.11.0.dist-info").mkdir()
    (tmp_path / "apache_airflow-2.11.0.dist-info" / "METADATA").write_text(
        "Name: apache-airflow\nVersion: 2.11.0\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not hasattr(importlib.import_module("airflow"), "real")
    finder.forget()
    monkeypatch.setenv("DIRIGENT_AIRFLOW_NAMES", "installed")
    importlib.invalidate_caches()
    assert importlib.import_module("airflow").real
    assert not finder.is_ours()
    del sys.modules["airflow"]


def test_a_file_that_does_not_ask_for_airflow_loads_none_of_it(tmp_path):
    (tmp_path / "plain.py").write_text("from scheduler import DAG, BashOperator\nDAG('plain')\n")
    program = (
        "import sys; from scheduler.runtime.child.loading import load_file; "
        f"load_file({str(tmp_path)!r}, 'plain.py', None); "
        "print(*(name for name in sys.modules if 'airflow' in name))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["scheduler.compat.airflow", "scheduler.compat.airflow.finder"]
