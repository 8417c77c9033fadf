"""What the README shows works."""

import re
from pathlib import Path

import click
import pytest

from scheduler.cli.shell import dirigent
from scheduler.runtime.child.loading import load_file
from scheduler.sdk.variables import EnvironmentReader

README = (Path(__file__).parents[2] / "README.md").read_text()
COMMANDS = re.findall(r"^\$ dirigent ([^#\n]*\w)", README, re.MULTILINE)


def test_the_first_dag_succeeds(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "hello.py").write_text(example)
    assert load_file(str(tmp_path), "hello.py", EnvironmentReader())["hello"].test().is_success


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_one_that_there_is(line):
    words = line.replace("<run id>", "run").split("&&")[0].split()
    command: click.Command | None = dirigent
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    assert command
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)", README))
def test_a_link_leads_somewhere(target):
    assert (Path(__file__).parents[2] / target).exists()
