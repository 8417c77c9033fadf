"""Stubs name each of Airflow's names where Dirigent has it."""

from __future__ import annotations

import ast
import importlib

import pytest

from scheduler.cli.shell import run
from scheduler.compat.airflow.stubs import stub_of
from scheduler.compat.airflow.tables import MODULES


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stubs") / "typings"
    assert run(["stubs", str(folder)]) == 0
    return folder


def imported(tree):
    return [
        (node.module, each.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "typing"
        for each in node.names
    ]


def test_each_module_has_a_stub_whose_names_are_there(stubs):
    found = {path: ast.parse(path.read_text()) for path in stubs.rglob("*.pyi")}
    assert len(found) > 250
    targets = {target for tree in found.values() for target in imported(tree)}
    lacking = [
        f"{module}.{name}"
        for module, name in sorted(targets)
        if name != "*" and not hasattr(importlib.import_module(module), name) and not _is_module(module, name)
    ]
    assert lacking == []


def _is_module(package, name):
    return importlib.util.find_spec(f"{package}.{name}") is not None


def test_every_folder_is_a_package_and_every_name_of_a_module_is_in_its_stub(stubs):
    assert all(
        (folder / "__init__.pyi").exists() for folder in (stubs / "airflow").rglob("*") if folder.is_dir()
    )
    for module in ("airflow", "airflow.sdk", "airflow.operators.python", "airflow.utils.trigger_rule"):
        place = stubs.joinpath(*module.split("."))
        tree = ast.parse(
            (place / "__init__.pyi" if place.is_dir() else place.with_suffix(".pyi")).read_text()
        )
        names = {each.asname for node in tree.body if isinstance(node, ast.ImportFrom) for each in node.names}
        names |= {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        names |= {ast.unparse(node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)}
        assert set(MODULES[module]) <= names


@pytest.mark.parametrize("link", ["airflow", "airflow/__init__.pyi"])
def test_a_symbolic_link_leads_no_stub_elsewhere(tmp_path, link, capsys):
    place, kept = tmp_path / "typings" / link, tmp_path / "kept"
    place.parent.mkdir(parents=True)
    kept.mkdir() if link == "airflow" else kept.write_text("mine")
    place.symlink_to(kept)
    assert run(["stubs", str(tmp_path / "typings")]) != 0
    assert f"{place} is a symbolic link" in capsys.readouterr().err
    assert [*kept.iterdir()] == [] if kept.is_dir() else kept.read_text() == "mine"


def test_a_name_that_is_another_one_here_is_handed_on_too():
    lines = stub_of(MODULES["airflow.operators.dummy"]).splitlines()
    assert lines[-2:] == [
        "from scheduler.operators.empty import EmptyOperator as _DummyOperator",
        "DummyOperator = _DummyOperator",
    ]


def test_what_dirigent_lacks_can_be_named_and_subclassed(stubs):
    text = (stubs / "airflow" / "executors" / "local_executor.pyi").read_text()
    assert "class LocalExecutor(Any):" in text
    assert "executors (a worker serves a queue)" in text
