"""Plugins are found, and one that is broken is told of and stops nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scheduler.plugins.loading import has_plugins, load_plugins


@pytest.fixture
def folder(tmp_path):
    known = set(sys.modules)
    (tmp_path / "plugins").mkdir()
    yield tmp_path / "plugins"
    for name in set(sys.modules) - known:
        del sys.modules[name]


MACROS = """
from scheduler.plugins import hookimpl

@hookimpl
def dirigent_macros():
    return {"double": lambda n: 2 * n}
"""


def test_modules_and_packages_of_the_folder_are_plugins_and_can_be_imported(folder):
    (folder / "doubling.py").write_text(MACROS)
    (folder / "warehouse").mkdir()
    (folder / "warehouse" / "__init__.py").write_text("TABLE = 'orders'")
    (folder / "_draft.py").write_text("raise SystemExit")
    (folder / "notes.txt").write_text("")
    plugins = load_plugins(folder)
    assert [(each.name, each.hooks, each.error) for each in plugins.found] == [
        ("doubling", ("dirigent_macros",), ""),
        ("warehouse", (), ""),
    ]
    ((name, macros),) = plugins.ask("dirigent_macros")
    assert (name, macros["double"](4)) == ("doubling", 8)
    assert sys.modules["warehouse"].TABLE == "orders"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "import nowhere_at_all",
            "it cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'",
        ),
        ("raise SystemExit(3)", "it cannot be imported: SystemExit: 3"),
        ("def broken(:", "it cannot be imported: SyntaxError"),
        (MACROS.replace("dirigent_macros", "dirigent_macro"), "unknown hook 'dirigent_macro'"),
        (MACROS.replace("()", "(context)"), "context"),
    ],
    ids=["import", "exit", "syntax", "no such hook", "argument that is not given"],
)
def test_a_broken_plugin_says_what_is_wrong_and_others_load(folder, text, error):
    (folder / "broken.py").write_text(text)
    (folder / "doubling.py").write_text(MACROS)
    plugins = load_plugins(folder)
    broken, good = plugins.found
    assert error in broken.error
    assert good.error == ""
    assert [name for name, _ in plugins.ask("dirigent_macros")] == ["doubling"]


def test_a_hook_that_raises_is_noted_with_its_line_and_others_are_asked(folder):
    (folder / "angry.py").write_text(MACROS.replace('return {"double": lambda n: 2 * n}', "return 1 / 0"))
    (folder / "doubling.py").write_text(MACROS)
    plugins = load_plugins(folder)
    assert [name for name, _ in plugins.ask("dirigent_macros")] == ["doubling"]
    assert "dirigent_macros() raised ZeroDivisionError: division by zero (" in plugins.found[0].error
    assert "angry.py:6)" in plugins.found[0].error


@pytest.mark.parametrize("name", ["json", "sys", "flask"])
def test_a_plugin_does_not_take_the_place_of_a_library(folder, name):
    (folder / f"{name}.py").write_text("IS_OURS = True")
    (plugin,) = load_plugins(folder).found
    assert f"{name} is the name of another module" in plugin.error
    assert "give the file another one" in plugin.error


def test_installed_packages_bring_plugins_by_entry_points(tmp_path):
    site = tmp_path / "site"
    (site / "shop_plugin-1.2.dist-info").mkdir(parents=True)
    (site / "shop_plugin-1.2.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: shop-plugin\nVersion: 1.2\n"
    )
    (site / "shop_plugin-1.2.dist-info" / "entry_points.txt").write_text(
        "[dirigent.plugins]\nshop = shop_plugin\n"
    )
    (site / "shop_plugin.py").write_text(MACROS)
    program = f"""
import sys; sys.path.insert(0, {str(site)!r})
from pathlib import Path
from scheduler.plugins.loading import has_plugins, load_plugins
print(has_plugins(Path("nowhere")), load_plugins(Path("nowhere")).found)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("True ")
    assert (
        "Plugin(name='shop', source='shop-plugin 1.2', hooks=('dirigent_macros',), error='', lacks=())"
        in run.stdout
    )


def test_a_folder_that_is_not_there_has_no_plugins(tmp_path):
    assert not has_plugins(tmp_path / "nowhere")
    assert load_plugins(tmp_path / "nowhere").found == []


LISTENER = """
from scheduler.plugins import hookimpl

@hookimpl
def on_task_instance_failed(task_instance, error):
    pass

@hookimpl
def on_starting(component):
    pass
"""


def test_a_listener_names_the_arguments_that_it_wants(folder):
    (folder / "ear.py").write_text(LISTENER)
    plugins = load_plugins(folder)
    [listener] = plugins.listeners()
    assert listener.name == "ear"
    assert {name: call.arguments for name, call in listener.calls.items()} == {
        "on_starting": ("component",),
        "on_task_instance_failed": ("task_instance", "error"),
    }
    assert plugins.found[0].hooks == ("on_starting", "on_task_instance_failed")
