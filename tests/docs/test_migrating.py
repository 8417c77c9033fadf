"""docs/migrating-from-airflow.md tells what is missing."""

from pathlib import Path

from scheduler.compat.airflow.tables import MODULES

PAGE = (Path(__file__).parents[2] / "docs" / "migrating-from-airflow.md").read_text()


def test_all_that_dirigent_lacks_is_listed_and_nothing_else_is():
    lacking = {home.lacks for names in MODULES.values() for home in names.values() if home.lacks}
    listed = {line[2:].split(": `")[0] for line in PAGE.splitlines() if line.startswith("- ")}
    assert listed == lacking
