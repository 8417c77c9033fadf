"""The next release, as far as the one before meets it: one more migration, and graphs in one more form."""

from __future__ import annotations

import shutil
from pathlib import Path

from scheduler.wire import WIRE_VERSION
from tests.integration.processes import TREE

NEXT_FORM = WIRE_VERSION + 1

_MIGRATION = '''"""What the next release adds."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade():
    for table in ("dag", "dag_run", "task_instance", "attempt", "dag_version", "worker", "event"):
        op.add_column(table, sa.Column("of_tomorrow", sa.Text))
        op.add_column(table, sa.Column("how_many", sa.Integer, nullable=False, server_default="0"))
    op.create_table("tomorrow", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("tomorrow")
'''


def make_next_release(folder: Path, head: str) -> Path:
    """Copy the tree and change it; return what PYTHONPATH is to name."""
    for package in ("scheduler", "webui"):
        shutil.copytree(TREE / package, folder / package, ignore=shutil.ignore_patterns("frontend"))
    store = folder / "scheduler/store/migrations"
    (store / "versions/9000_tomorrow.py").write_text(_MIGRATION.format(head=head))
    _change(store / "__init__.py", "HEAD: Final = REVISIONS[-1]", 'HEAD: Final = "9000"')
    _change(store / "__init__.py", f'"{head}"', f'"{head}", "9000"')
    wire = folder / "scheduler/wire/graph.py"
    _change(wire, f"WIRE_VERSION: Final = {WIRE_VERSION}\n", f"WIRE_VERSION: Final = {NEXT_FORM}\n")
    wants = f"    if any('dream' in task.task_id for task in tasks):\n        return {NEXT_FORM}\n"
    _change(wire, "    asked = {\n", f"{wants}    asked = {{\n")
    return folder


def _change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text, f"{file} has no {before!r}"
    file.write_text(text.replace(before, after))
