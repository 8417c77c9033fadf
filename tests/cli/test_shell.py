import os
import subprocess
import sys

import pytest

from scheduler.cli.shell import COMMANDS

PROGRAM = "from scheduler.cli import main; main()"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(dirigent, name):
    said = dirigent(name, "--help")

    assert said.code == 0
    assert f"Usage: dirigent {name}" in said.out


def test_the_list_of_commands_is_printed_without_loading_them():
    code = f"import sys; {PROGRAM[:-6]}\ntry:\n main(['--help'])\nfinally:\n print(sorted(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    for heavy in ("pydantic", "sqlalchemy", "celery", "flask", "rich", "networkx"):
        assert f"'{heavy}'" not in printed


def test_a_server_starts_without_what_few_need_and_without_looks_for_garbage():
    code = (
        "import gc, sys; from scheduler.cli.shell import dirigent\n"
        "before = sum(each['collections'] for each in gc.get_stats())\n"
        "dirigent.get_command(None, 'up')\n"
        "looks = sum(each['collections'] for each in gc.get_stats()) - before\n"
        "from webui.api.frame.models import Answer\n"
        "built = [each for each in Answer.__subclasses__() if each.__pydantic_complete__]\n"
        "print(looks < 9, built, gc.isenabled(), sorted(sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.startswith("True [] True ")
    for large in ("networkx", "jsonschema", "markdown_it", "pygments", "fsspec", "authlib", "alembic"):
        assert f"'{large}'" not in printed, large


def test_an_error_is_one_line_and_exit_1(dirigent, monkeypatch):
    monkeypatch.setenv("DIRIGENT_PROT", "9")

    said = dirigent("config", "show")

    assert said.code == 1
    assert said.err == "dirigent: DIRIGENT_PROT='9': there is no such setting; did you mean DIRIGENT_PORT?\n"
    assert said.out == ""


def test_verbose_shows_the_traceback(project):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "-v", "db", "check"], cwd=project, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_unknown_command_is_exit_2(dirigent):
    said = dirigent("dance")

    assert said.code == 2
    assert "No such command 'dance'" in said.err


def test_a_reader_that_leaves_early_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -c '{PROGRAM}' config reference | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
    )

    assert done.stderr == ""


def test_the_version_is_printed(dirigent):
    assert dirigent("version").out.strip()
    assert dirigent("--version").out == dirigent("version").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(dirigent, shell):
    said = dirigent("completion", shell)

    assert said.code == 0
    assert "_DIRIGENT_COMPLETE" in said.out


def test_the_shell_is_told_how_a_word_may_go_on(project):
    asked = {"_DIRIGENT_COMPLETE": "bash_complete", "COMP_WORDS": "dirigent runs rer", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", PROGRAM]

    done = subprocess.run(
        command, cwd=project, env=os.environ | asked, capture_output=True, text=True, check=True
    )

    assert done.stdout == "plain,rerun\n"
