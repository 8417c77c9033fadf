from pathlib import Path

from scheduler.cli.reference import commands_page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_commands_is_current():
    page = (DOCS / "commands.md").read_text(encoding="utf-8")

    assert page == commands_page(), "run: python -m scheduler.cli.reference > docs/commands.md"


def test_every_command_and_option_is_explained():
    for line in commands_page().splitlines():
        assert not line.endswith(("`: ", "`:")), f"no help: {line}"
        assert not line.startswith("## ") or line.count(" ") >= 2


def test_the_page_names_what_pages_and_readme_tell_people_to_type():
    page = commands_page()

    for command in (
        "dags trigger",
        "runs rerun",
        "runs cancel",
        "runs mark",
        "tasks clear",
        "tasks mark",
        "login",
    ):
        assert f"## `dirigent {command}`" in page
