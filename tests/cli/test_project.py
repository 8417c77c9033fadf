import subprocess
import sys
import tomllib

import pytest

from scheduler.config import load_settings


def test_a_project_is_written_with_its_name(dirigent, project):
    said = dirigent("init", "shop")

    assert said.code == 0
    written = {
        str(path.relative_to(project / "shop")) for path in (project / "shop").rglob("*") if path.is_file()
    }
    assert written == {
        ".dockerignore",
        ".github/workflows/ci.yml",
        ".gitignore",
        "Dockerfile",
        "README.md",
        "dags/data/orders.csv",
        "dags/orders.py",
        "dirigent.toml",
        "pyproject.toml",
        "tests/test_dags.py",
        "tests/test_orders.py",
    }
    assert tomllib.loads((project / "shop/pyproject.toml").read_text())["project"]["name"] == "shop"
    assert (project / "shop/README.md").read_text().startswith("# shop\n")
    assert load_settings({}, project / "shop").port == 8080


def test_no_name_is_left_to_fill_in(dirigent, project):
    dirigent("init", "shop")

    written = [path for path in (project / "shop").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if "$name" in path.read_text()]


def test_a_folder_with_something_in_it_is_refused(dirigent, project):
    (project / "shop").mkdir()
    (project / "shop" / "mine.txt").write_text("x")

    said = dirigent("init", "shop")

    assert said.code == 1
    assert "is not empty" in said.err
    assert [path.name for path in (project / "shop").iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(dirigent, project):
    (project / "shop").mkdir()

    assert dirigent("init", "shop").code == 0


@pytest.mark.parametrize("name", ["a b", "-x-", 'a"b', "é"])
def test_a_name_that_no_package_can_have_is_refused(dirigent, project, name):
    said = dirigent("init", "--", name)

    assert said.code == 1
    assert "project name" in said.err
    assert not (project / name).exists()


def test_the_projects_own_tests_pass(dirigent, project):
    dirigent("init", "shop")

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project / "shop",
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
